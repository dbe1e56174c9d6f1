"""Common given names, family names, towns and states: to find names in prose, and to replace them.

From the most frequent names of the United States (Census 1990 and 2010, public domain) and of other
languages. Names that are also words or diseases ("Will", "Grace", "Graves") are left out: only a title
or another cue tells them.
"""

# ruff: noqa: E501

from __future__ import annotations

import tomllib
from importlib.resources import files

_NAME_RESOURCE = tomllib.loads(files("manikin.schema").joinpath("names.toml").read_text("utf-8"))
_WORDLIKE_GIVEN_NAMES = frozenset(_NAME_RESOURCE["words"]["given"].split())


def _merge_names(own: str, part: str) -> tuple[str, ...]:
    """The names of this file, then those of other languages that mean nothing else."""
    more = [name for names in _NAME_RESOURCE[part].values() for name in names.split()]
    return tuple(
        dict.fromkeys([*own.split(), *(name for name in more if name not in _WORDLIKE_GIVEN_NAMES)])
    )


_FEMALE_NAMES = """
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
    Amelie Madison Abigail Hannah Chloe Mia Zoe Zoey Natalie Aaliyah Alyssa Brianna Kayla Jasmine
    Alexis Allison Caroline Claire Courtney Deanna Elena Ellie Erika Felicia Francesca Gabriela
    Gabrielle Gina Guadalupe Gwendolyn Helena Imani Ingeborg Isabel Jocelyn Jolene Kaitlyn Kara
    Katrina Kendra Krista Kristen Kristin Kristina Kristine Lakisha Latasha Latonya Latoya Leah
    Leticia Lindsay Lindsey Lucia Lydia Mabel Madeline Maggie Marcia Margarita Marlene Maureen
    Maxine Meredith Minnie Miranda Miriam Molly Myrtle Nadia Nadine Naomi Nellie Nina Nora Paige
    Rosa Rosalind Rosie Roxanne Sabrina Selena Shauna Shelley Sonia Sophie Stacey Stacy Stella
    Tamara Tanya Tara Tasha Toni Traci Tricia Vanessa Velma Vivian Whitney Yolanda Yvette Xiomara
    Siobhan Bronwyn Priyanka Ananya Deepa Lakshmi Sunita Kavita Meera Nisha Pooja Anjali Ayesha
    Khadija Zainab Mariam Noor Yasmin Leila Amina Ngozi Chinwe Adaeze Folake Amara Yuki Sakura Keiko
    Yoko Akiko Haruka Linh Thuy Huong Soo-jin Ji-woo Olga Tatiana Irina Ekaterina Anastasia Ludmila
    Galina Ivana Jelena Katarzyna Agnieszka Zofia Giulia Francesca Lucia Paola Ximena Valentina
    Camila Mariana Renata Soledad Consuelo Esperanza Freya Astrid Sigrid Greta Heidi Annika Ursula
    Brigitte Monique Genevieve Colette Celine Margot
"""
FEMALE_NAMES = _merge_names(_FEMALE_NAMES, "women")

_MALE_NAMES = """
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
    Gilbert Ethan Noah Liam Ahmed Mohammed Hiroshi Wei Raj Sergei Dmitri Giovanni Lukas Aidan Aiden
    Alejandro Alfonso Alonzo Andre Andres Angelo Armando Arnold Arturo Austin Benny Bert Blake Brad
    Brendan Brett Byron Caleb Cameron Cecil Cedric Cesar Clayton Clifton Clinton Cody Cornelius
    Cristian Damian Damon Darren Darryl Darnell Deandre Declan Dominic Donovan Duane Dwayne Dwight
    Dylan Earnest Edgar Eduardo Elijah Elliot Elmer Emanuel Emilio Enrique Esteban Evan Felipe Felix
    Fernando Gabriel Garrett Geoffrey Gerard Gerardo Guillermo Gustavo Hank Harvey Hayden Hubert
    Hugh Hugo Ian Ignacio Isaac Isaiah Ivan Jaime Jamal Jared Javier Jay Jayden Jeffry Jermaine
    Jerald Johnathan Jordan Josiah Julian Julio Julius Kareem Kelvin Kendall Kerry Kirk Kristopher
    Kurt Lamar Landon Lonnie Lorenzo Lucas Luke Luther Malcolm Marco Mason Mathew Matteo Mitchell
    Morris Moses Nathaniel Neil Nelson Nolan Omar Orlando Otis Owen Pablo Perry Quentin Rafael Raul
    Reginald Rene Rodolfo Roland Ross Ruben Rudolph Rufus Salvador Santiago Saul Sebastian Sergio
    Seth Sheldon Sidney Simon Spencer Stuart Terrance Terrell Terrence Thaddeus Tobias Trevor Tyrone
    Virgil Wendell Wilbur Willard Winston Xavier Yusuf Abdul Abdullah Ali Amir Anand Anders Ansel
    Arjun Arnav Ashok Bilal Bjorn Chidi Chinedu Deepak Dinesh Emeka Erik Farid Fritz Gunther Gustav
    Hamza Hans Haruto Hassan Hussein Ibrahim Jagdish Jean-Pierre Jiang Karim Karthik Kenji Khalid
    Klaus Kofi Krishna Kwame Lars Mahmoud Manish Matthias Mikhail Mohamed Mohammad Muhammad Mustafa
    Nikhil Nikolai Oleg Olaf Oluwaseun Omari Pierre Piotr Rahul Rajesh Ravi Reza Rohit Sanjay
    Sanjeev Satoshi Stefan Suresh Sven Takeshi Tariq Tomasz Tunde Umar Vijay Vikram Vladimir
    Wolfgang Yasser Yuri Yusef Zbigniew
"""
MALE_NAMES = _merge_names(_MALE_NAMES, "men")

_FAMILY_NAMES = """
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
    Okafor Silva Fernandez Cohen Goldberg Abbott Abernathy Acosta Aguilar Ahmed Alvarez Alvarado
    Atkinson Ayala Barker Barton Bauer Becker Beck Benson Bishop Blair Blake Blanchard Bowman
    Bradley Brady Briggs Buchanan Burke Burton Byrd Cabrera Calderon Caldwell Cannon Cardenas
    Carlson Carr Carson Castillo Castro Cervantes Chambers Chandler Chang Chapman Christensen Clarke
    Conner Contreras Cortez Craig Cruz Curry Curtis Dalton Davidson Dawson Delgado Dominguez Douglas
    Doyle Drake Dudley Erickson Escobar Espinoza Estrada Fernandes Figueroa Fitzgerald Fleming
    Fletcher Flynn Fowler Frank Frazier Fuentes Fuller Garrett Garza Gallagher George Gilbert Glover
    Goodman Gregory Guerrero Gutierrez Guzman Hale Hampton Hansen Hanson Hardy Harmon Haverford
    Haynes Herrera Higgins Hodges Hoffman Holland Holloway Hopkins Horton Houston Howell Hubbard
    Huang Hussain Ingram Jacobs Jennings Jensen Jimenez Johnston Juarez Keller Kaplan Katz Klein
    Knox Kowalczyk Kowalski Kramer Krueger Kumar Lambert Larson Leonard Levine Lindqvist Logan Love
    Lowe Lucas Lynch Lyons Maldonado Malone Marquez Martin Marsh McAllister McCarthy McCormick McCoy
    McGee McKenzie McKinney McLaughlin Medina Mejia Mendez Mendoza Meyer Miranda Molina Montgomery
    Moreno Moss Mullins Munoz Nakamura Navarro Newman Newton Nunez Norris O'Brien O'Connor O'Neill
    Oliver Orozco Ortega Osborne Osei Owen Pacheco Padilla Park Parsons Paul Pearson Pena Petersen
    Pham Potter Quinn Ramsey Randall Rhodes Richards Rios Robbins Rojas Romero Rosario Roth Rowe
    Russo Salazar Salinas Santiago Santos Saunders Schneider Schultz Schwartz Serrano Sharma Shah
    Shelton Sherman Soto Sparks Steele Stephenson Strickland Summers Sutton Swanson Takahashi Tate
    Terry Thornton Todd Townsend Tran Trujillo Underwood Valdez Vandersteen Vargas Vasquez Vaughn
    Vega Velasquez Wade Walsh Walters Walton Watts Weber Weiss Wheeler Whitaker Whitehead Whitfield
    Wilkins Wilkinson Williamson Willis Wolfe Wong Yang Yates Zamora Zhang Zhao Zhou Zimmerman
    Ziegler Haddad Hassan Hosseini Ibrahim Kapoor Mehta Gupta Reddy Rao Iyer Desai Joshi Banerjee
    Mukherjee Chowdhury Adeyemi Mensah Boateng Suzuki Sato Watanabe Kobayashi Petrov Sokolov Popov
    Kuznetsov Dubois Lefebvre Moreau Girard Bianchi Ferrari Romano Colombo Hoffmann Fischer Schulz
    Vogel Andersson Johansson Eriksson Nilsson Hansson Virtanen Papadopoulos Yilmaz Demir Abdi Bui
"""
FAMILY_NAMES = _merge_names(_FAMILY_NAMES, "families")

_SURROGATE_TOWNS = """
    Alderbrook Bellhaven Cedarmoor Dunmere Eastwick Fernhollow Glenport Harrowdale Ivyfield
    Kestrelton Larkspur Marlow Northby Oakhurst Pinewick Quarrydale Redmoor Stonebridge Thornley
    Wexcombe
"""
SURROGATE_TOWNS = tuple(_SURROGATE_TOWNS.split())
"""Invented: what stands in place of towns."""

_CITIES = """
    New York,Los Angeles,Chicago,Houston,Philadelphia,San Antonio,San Diego,Dallas,San Jose,Fort Worth
    Jacksonville,Indianapolis,San Francisco,Seattle,Denver,Nashville,Oklahoma City,Boston,Las Vegas
    Detroit,Memphis,Louisville,Milwaukee,Albuquerque,Tucson,Fresno,Sacramento,Kansas City,Atlanta,Omaha
    Colorado Springs,Raleigh,Long Beach,Virginia Beach,Miami,Oakland,Minneapolis,Bakersfield,Tulsa
    Tampa,Wichita,Cleveland,New Orleans,Honolulu,Anaheim,Lexington,Stockton,Corpus Christi,Irvine
    Newark,Saint Paul,Cincinnati,Pittsburgh,Greensboro,St. Louis,Orlando,Anchorage,Durham,Chandler
    Chula Vista,Toledo,Fort Wayne,St. Petersburg,Laredo,Jersey City,Scottsdale,Lubbock,Winston-Salem
    Chesapeake,Glendale,Norfolk,Fremont,Boise,Richmond,Baton Rouge,Spokane,Des Moines,Tacoma,Modesto
    San Bernardino,Fayetteville,Rochester,Yonkers,Worcester,Salt Lake City,Little Rock,Amarillo
    Montgomery,Grand Rapids,Huntsville,Knoxville,Chattanooga,Tallahassee,Fort Lauderdale
    Springfield,Hartford,Bridgeport,New Haven,Stamford,Framingham,Lowell,Quincy,Brockton,New Bedford
    Cambridge,Somerville,Ann Arbor,Lansing,Poughkeepsie,Syracuse,Albany,Schenectady,Utica,Brooklyn
    Manhattan,Bronx,Staten Island,Baltimore,Annapolis,Bethesda,Charleston,Savannah,El Paso,Reno
    Santa Fe,Pasadena,Burbank,Berkeley,Palo Alto,Portland,Eugene,Olympia,Bellevue,Missoula,Billings,Fargo
    Duluth,Peoria,Evanston,Dayton,Akron,Youngstown,Scranton,Allentown,Trenton,Camden,Wilmington,Dover
    London,Manchester,Birmingham,Liverpool,Leeds,Edinburgh,Dublin,Toronto,Montreal,Vancouver
    Ottawa,Calgary,Sydney,Melbourne,Brisbane,Paris,Berlin,Munich,Hamburg,Madrid,Barcelona,Milan
    Mumbai,Delhi,Bangalore,Karachi,Lahore,Dhaka,Manila,Tokyo,Osaka,Seoul,Beijing,Shanghai,Hong Kong
    Lagos,Nairobi,Accra,Cairo,Johannesburg,Mexico City,Guadalajara,Tijuana,Bogota,Santiago
"""
_FOREIGN_CITIES = ",".join(_NAME_RESOURCE["cities"].values()).split(",")
CITIES = tuple(
    dict.fromkeys(
        " ".join(c.split()) for c in (*_CITIES.strip().replace("\n", ",").split(","), *_FOREIGN_CITIES)
    )
)
"""Cities found wherever they are named; those that are words too ("Mobile", "Reading") are left out."""

_STATES = """
    Alabama,Alaska,Arizona,Arkansas,California,Colorado,Connecticut,Delaware,Florida,Georgia,Hawaii,Idaho
    Illinois,Indiana,Iowa,Kansas,Kentucky,Louisiana,Maine,Maryland,Massachusetts,Michigan,Minnesota
    Mississippi,Missouri,Montana,Nebraska,Nevada,New Hampshire,New Jersey,New Mexico,North Carolina
    North Dakota,Ohio,Oklahoma,Oregon,Pennsylvania,Rhode Island,South Carolina,South Dakota,Tennessee
    Texas,Utah,Vermont,Virginia,Washington,West Virginia,Wisconsin,Wyoming
"""
STATES = tuple(state.strip() for line in _STATES.strip().splitlines() for state in line.split(","))

_COUNTRIES = """
    America,England,Scotland,Wales,Ireland,Britain,Germany,France,Spain,Italy,Portugal,Netherlands,Holland,Belgium
    Sweden,Norway,Denmark,Finland,Iceland,Poland,Russia,Ukraine,Greece,Turkey,Austria,Switzerland,Hungary,Romania
    Canada,Mexico,Brazil,Cuba,Haiti,Jamaica,Colombia,Peru,Chile,Argentina,Venezuela,Ecuador,Guatemala,Honduras
    Nicaragua,Panama,Puerto Rico,El Salvador,China,Japan,Korea,South Korea,Vietnam,Thailand,Cambodia,Laos,India
    Pakistan,Bangladesh,Nepal,Sri Lanka,Iran,Iraq,Syria,Israel,Lebanon,Egypt,Morocco,Algeria,Nigeria,Ghana,Kenya
    Ethiopia,Somalia,Uganda,Congo,South Africa,Australia,New Zealand,Philippines,Indonesia,Malaysia,Afghanistan
    Saudi Arabia,Yemen,Sudan,Deutschland,Osterreich,Schweiz,Espana,Italia,Nederland,Sverige,Norge,Danmark,Suomi
    Europe,Africa,Asia,Florida,United States,United Kingdom,Northern Ireland,Great Britain,Hong Kong,Dominican Republic
    Vereinigte Staaten,Polen,Tschechien,Slovakia,Slovenia,Croatia,Serbia,Bosnia,Albania,Bulgaria,Lithuania,Latvia,Estonia
    Tunisia,Libya,Eritrea,Zimbabwe,Zambia,Tanzania,Rwanda,Cameroon,Senegal,Mali,Angola,Malawi,Gambia,Jordan,Qatar,Kuwait
    Oman,Bahrain,Dubai,Singapore,Taiwan,Mongolia,Myanmar,Burma,Fiji,Samoa,Tonga,Uruguay,Paraguay,Bolivia,Costa Rica
    Trinidad,Barbados,Guyana,Bahamas,Malta,Cyprus,Luxembourg,Kosovo,Moldova,Georgia,Armenia,Azerbaijan,Kazakhstan
    Uzbekistan,Queensland,Victoria,Tasmania,New South Wales,Ontario,Quebec,Alberta,Manitoba,Saskatchewan,Nova Scotia
    British Columbia,Newfoundland,Bayern,Sachsen,Hessen,Saarland,Kerala,Gujarat,Punjab,Maharashtra,Tamil Nadu
"""
COUNTRIES = frozenset((*STATES, *(c for line in _COUNTRIES.split("\n") for c in line.strip().split(","))))
"""States and countries: no identifiers by 45 CFR 164.514(b)(2)(i)(B)."""

_WORDLIKE_FAMILY_NAMES = """
    Hall King Hill Ward Gray Brown Black Price Wood Woods West Ford Wells Rice Stone Hunter Mason
    Knight Lane Fox Cooper Berry Mills Burns Grant Hart Marshall Porter Cole Payne Reed Carpenter
    Fisher Gardner Baker Cook Hand Park Parker Turner Walker Clark Carter Butler Foster Mitchell
    Freeman Barnes Spencer Austin Jordan Washington Warren Franklin Lawrence Hudson Diaz Kim Chen
    Silva Barker Beck Bishop Cannon Chambers Chandler Frank Glover Hale Hardy Holland Houston Love
    Marsh Martin Moss Newman Paul Potter Rhodes Rowe Sparks Steele Summers Todd Wade Walsh Walters
    Wheeler Wolfe Yang Moore Harris Fuller Sherman Blake Lambert Schwartz Miranda George Terry Tate
    Goodman Weaver Harmon Drake Dalton Newton Hopkins Roth Weber Bui Abdi Park Fleming
"""
WORDLIKE_FAMILY_NAMES = frozenset(
    (*_WORDLIKE_FAMILY_NAMES.split(), *_NAME_RESOURCE["words"]["family"].split())
)
"""Family names that are words, towns or syllables too: alone behind another capital they tell nothing."""
