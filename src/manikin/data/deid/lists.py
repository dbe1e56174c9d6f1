"""Common given names, family names and invented towns: to find names in prose, and to replace them.

From the most frequent names of the United States (Census 1990 and 2010, public domain) and a few of other
languages. Names that are also words or diseases ("Will", "Grace", "Graves") are left out: only a title
or another cue tells them.
"""

from __future__ import annotations

_WOMEN = """
    Mary Patricia Linda Barbara Elizabeth Jennifer Maria Susan Margaret Dorothy Lisa Nancy Karen
    Betty Helen Sandra Donna Ruth Sharon Michelle Laura Sarah Kimberly Deborah Jessica Shirley
    Cynthia Angela Melissa Brenda Amy Anna Rebecca Virginia Kathleen Pamela Martha Debra Amanda
    Stephanie Carolyn Christine Marie Janet Catherine Frances Ann Joyce Diane Alice Julie Heather
    Teresa Doris Gloria Evelyn Cheryl Mildred Katherine Joan Ashley Judith Janice Kelly Nicole Judy
    Christina Kathy Theresa Beverly Denise Tammy Irene Jane Lori Rachel Marilyn Andrea Kathryn
    Louise Sara Anne Jacqueline Wanda Bonnie Julia Lois Tina Phyllis Norma Paula Diana Annie Lillian
    Emily Peggy Gladys Connie Florence Tracy Edna Tiffany Carmen Cindy Wendy Victoria Edith Kim
    Sherry Sylvia Josephine Thelma Shannon Sheila Ethel Ellen Elaine Marjorie Carrie Charlotte
    Monica Esther Pauline Emma Juanita Anita Rhonda Eva Debbie Leslie Clara Lucille Jamie Joanne
    Eleanor Valerie Danielle Megan Alicia Suzanne Michele Gail Bertha Darlene Veronica Jill Erin
    Geraldine Lauren Cathy Joann Lorraine Sally Regina Erica Beatrice Dolores Bernice Audrey Yvonne
    Annette Samantha Olivia Sophia Isabella Ingrid Fatima Aisha Mei Priya Svetlana Natalia Chiara
    Amelie
"""
WOMEN = tuple(_WOMEN.split())

_MEN = """
    James John Robert Michael William David Richard Charles Joseph Thomas Christopher Daniel Paul
    Donald George Kenneth Steven Edward Brian Ronald Anthony Kevin Jason Matthew Gary Timothy Jose
    Larry Jeffrey Scott Eric Stephen Andrew Raymond Gregory Joshua Jerry Dennis Walter Patrick Peter
    Harold Douglas Henry Carl Arthur Ryan Roger Joe Juan Jack Albert Jonathan Justin Terry Gerald
    Keith Samuel Willie Ralph Lawrence Nicholas Roy Benjamin Bruce Brandon Adam Harry Fred Wayne
    Billy Steve Louis Jeremy Aaron Randy Howard Eugene Carlos Russell Bobby Victor Martin Ernest
    Phillip Todd Jesse Craig Alan Shawn Clarence Sean Philip Chris Johnny Jimmy Antonio Danny Bryan
    Tony Luis Mike Stanley Leonard Nathan Manuel Rodney Curtis Norman Allen Marvin Vincent Glenn
    Jeffery Travis Jeff Jacob Melvin Alfred Kyle Francis Bradley Herbert Frederick Joel Edwin Eddie
    Ricky Troy Randall Barry Alexander Bernard Mario Leroy Francisco Marcus Micheal Theodore
    Clifford Miguel Oscar Jim Tom Calvin Alex Jon Ronnie Lloyd Tommy Leon Derek Warren Darrell
    Jerome Floyd Leo Alvin Tim Wesley Gordon Greg Jorge Dustin Pedro Derrick Dan Lewis Zachary Corey
    Herman Maurice Vernon Roberto Clyde Hector Shane Ricardo Sam Lester Brent Ramon Charlie Tyler
    Gilbert Ethan Noah Liam Ahmed Mohammed Hiroshi Wei Raj Sergei Dmitri Giovanni Lukas
"""
MEN = tuple(_MEN.split())

_FAMILIES = """
    Smith Johnson Williams Jones Brown Davis Miller Moore Taylor Anderson Thomas Jackson Harris
    Thompson Garcia Martinez Robinson Clark Rodriguez Lewis Walker Hall Allen Hernandez King Wright
    Lopez Hill Scott Adams Baker Gonzalez Nelson Carter Mitchell Perez Roberts Turner Phillips
    Campbell Parker Evans Edwards Collins Stewart Sanchez Morris Rogers Reed Morgan Murphy Bailey
    Rivera Cooper Richardson Howard Ward Torres Peterson Gray Ramirez Watson Brooks Kelly Sanders
    Price Bennett Wood Barnes Ross Henderson Coleman Jenkins Perry Powell Patterson Hughes Flores
    Washington Butler Simmons Foster Gonzales Bryant Alexander Russell Griffin Diaz Hayes Myers Ford
    Hamilton Graham Sullivan Wallace Woods Cole West Jordan Owens Reynolds Fisher Ellis Harrison
    Gibson McDonald Marshall Ortiz Gomez Murray Freeman Wells Webb Simpson Stevens Tucker Porter
    Hunter Hicks Crawford Henry Boyd Mason Morales Kennedy Warren Dixon Ramos Reyes Burns Gordon
    Shaw Holmes Rice Robertson Black Daniels Palmer Mills Nichols Grant Knight Ferguson Stone
    Hawkins Dunn Perkins Hudson Spencer Gardner Stephens Payne Pierce Berry Matthews Arnold Wagner
    Willis Watkins Olson Carroll Duncan Snyder Hart Cunningham Lane Andrews Ruiz Harper Fox Riley
    Armstrong Carpenter Weaver Greene Lawrence Elliott Chavez Sims Austin Peters Kelley Franklin
    Lawson Nguyen Patel Kim Chen Wang Singh Khan Schmidt Mueller Rossi Ivanov Novak Tanaka Yamamoto
    Okafor Silva Fernandez Cohen Goldberg
"""
FAMILIES = tuple(_FAMILIES.split())

_TOWNS = """
    Alderbrook Bellhaven Cedarmoor Dunmere Eastwick Fernhollow Glenport Harrowdale Ivyfield
    Kestrelton Larkspur Marlow Northby Oakhurst Pinewick Quarrydale Redmoor Stonebridge Thornley
    Wexcombe
"""
TOWNS = tuple(_TOWNS.split())

_WORDS = """
    Hall King Hill Ward Gray Brown Black Price Wood Woods West Ford Wells Rice Stone Hunter Mason
    Knight Lane Fox Cooper Berry Mills Burns Grant Hart Marshall Porter Cole Payne Reed Carpenter
    Fisher Gardner Baker Cook Hand Park Parker Turner Walker Clark Carter Butler Foster Mitchell
    Freeman Barnes Spencer Austin Jordan Washington Warren Franklin Lawrence Hudson Diaz Kim Chen
    Silva
"""
WORDS = frozenset(_WORDS.split())
"""Family names that are words, towns or syllables too: alone behind another capital they tell nothing."""
