"""Usual words: what a capital letter makes no name, and what a name may stand before or behind.

A capital tells a name from a word only in text of both cases; elsewhere these lists and endings must.
"""

# ruff: noqa: E501

from __future__ import annotations

import tomllib
from importlib.resources import files

_COMMON_CAPITALIZED = """
    The This That These Those There Then They He She It His Her Him Its We You Your Our My I And But
    Or If In On At By To Of For From With Without After Before Since When While Who Which What Where
    Why How No Not None Yes Has Had Have Is Was Were Are Be Been Will Would Can Could May Might
    Should Does Did Do Denies Denied Reports Reported States Stated Presents Presented Patient
    Patients Doctor Nurse Guest Family History Medical Social Past Present Allergies Medications
    Plan Assessment Review Systems Physical Exam Examination Today Yesterday Currently Also However
    Both Left Right Bilateral Normal Abnormal Negative Positive Chief Complaint Father Mother
    Brother Sister Son Daughter Wife Husband January February March April May June July August
    September October November December Monday Tuesday Wednesday Thursday Friday Saturday Sunday
    American African Asian Caucasian Hispanic White Black Indian Native English Spanish Emergency
    Department Room Hospital Clinic Center Type Stage Grade Class Status Follow Continue Start Take
    Given Please Well Very Good Okay Hi Hello Thank Thanks Sir Ma Madam Yeah Nope Sure Actually
    About Don Absolutely Yep Great One Two Maybe Honestly Nothing Just Correct Let Sometimes Around
    Never Nah Sounds Unfortunately Only Here Mostly Like Much Alright Terrible Fine Overall Pretty
    Thankfully Sorry Probably Now Other Usually Hey Everything All Cool High Bye Any Some Each Every
    Another Such More Most Less Still Again Once Over Under Until Because So Additionally
    Furthermore Recently Previously Otherwise General Middle Elementary Tylenol Aspirin Baby Infant
    Pt Unknown Deceased Refused Available Applicable Male Female Man Woman Boy Girl Gentleman Lady
    Dear Re Date Time Age Sex Dob Mrn Dr Mr Mrs Ms Miss Prof Md Rn Name Address Phone Contact Signed
    Control Drugs Alcohol Tobacco Care Life Service Services Primary Surgery Cardiology Oncology
    Neurology Psychiatry Radiology Pathology Medicine Pediatrics Icu Er Ed Iv Us Ct Mri Abc Abcd Xyz
    Xxxx Stat Per Via Using Briefly Course Tell Poison We're Mister Welcome Sincerely Regards
    Respectfully Cordially Said Says Aware Agrees Theatre Theatres Recovery Resus Endoscopy Orthopaedics
    Orthopedics Urology Gynaecology Gynecology Obstetrics Haematology Hematology Nephrology Rheumatology
    Gastroenterology Dermatology Ophthalmology Paediatrics Neurosurgery Anaesthetics Anaesthesia Anesthesia
    Maternity Delivery Ward Wards Unit Bay Bed Outpatients Inpatient Casualty Dietetics Physiotherapy Physio
    Pharmacy Theater Rehab Rehabilitation Stroke Renal Cardiac Respiratory Acute Day Night Day-case Oncall
    Innere Chirurgie Station Intensivstation Notaufnahme Ambulanz Reanimation Urgences Urgencias Reparto
    Medicina Chirurgia Planta Consultas Afdeling Spoed Poli Avdeling Avdelning Afdeling Akutmodtagelsen
"""
COMMON_CAPITALIZED = frozenset(_COMMON_CAPITALIZED.split())

_EPONYMS = """
    Crohn Parkinson Alzheimer Hodgkin Down Foley Bell Babinski Murphy Romberg Graves Cushing Addison
    Hashimoto Raynaud Barrett Wilson Marfan Turner Huntington Tourette Klinefelter Ehlers Danlos
    Guillain Barre Sjogren Sjögren Wegener Paget Dupuytren Kaposi Ewing Wilms Duchenne Charcot
    McBurney Kernig Brudzinski Trendelenburg Lachman McMurray Phalen Tinel Apgar Glasgow Swan Ganz
    Hickman Kocher Whipple Nissen Roux Billroth Hartmann Penrose Holter Doppler Kerley Gleason
    Breslow Dukes Child Pugh Ranson Lyme Coxsackie Epstein Barr Norwalk Doppler Bence Gram Giemsa
    Papanicolaou Mallory Weiss Meniere Peyronie Asperger Rett Takayasu Kawasaki Behcet Still Felty
    Reiter Osgood Schlatter Perthes Legg Calve Baker Colles Jones Bankart Hill-Sachs Weber Rinne
    Hirschsprung Meckel Zenker Ménière Chiari Arnold Budd Osler Janeway Virchow Homan Homans Hoffman
    Spurling Neer Hawkins Thompson Thomas Ortolani Barlow Moro Tanner Braden Morse Ramsay Hunt
    Horner Adie Argyll Jackson Pratt Allen Allis Wright Lewy Creutzfeldt Jakob Korsakoff Wernicke
    Todd Lou Gehrig Marie Tooth Kussmaul Cheyne Stokes Goodpasture Alport Fanconi Gilbert Rotor
    Bartter Conn Sheehan Hansen Pott Ludwig Vincent Waldenstrom Burkitt Merkel Bowen Mohs Brugada
    Wolff White Eisenmenger Ebstein Fallot Roth Austin Flint Graham Steell Basedow Bechterew Scheuermann
    Thurner Chagas Hodgkins Parkinsons Bristow Bennett Galeazzi Monteggia Jefferson Salter Harris Garden Gustilo
    Anderson Mallampati Cormack Lehane Borg Karnofsky Epworth Barthel Katz Lawton Norton Waterlow Hamilton Beck
    Zung Bender Conners Rorschach Wechsler Boston Edinburgh Bristol Rockall Blatchford Maddrey Milwaukee
    Schober Finkelstein Allen Yergason Speed Hawkins Kennedy Jobe Patrick Faber Gaenslen Thomas Ober Ely Galeazzi
    Lasegue Kehr Cullen Turner Rovsing Blumberg Carnett Grey Chvostek Trousseau Quincke Corrigan Duroziez Musset
    Valsalva Mueller Epley Dix Hallpike Brandt Daroff Semont Heimlich Leopold Bishop Naegele Bartholin Cowper
    Skene Montgomery Cooper Fallopian Galen Vater Oddi Langerhans Peyer Purkinje Bachmann His Kent Mahaim
    Lugol Ringer Hartmanns Dakin Burow Unna Jones Ace Kirschner Steinmann Ilizarov Ender Nelaton Tiemann Malecot
    Pezzer Cordis Sengstaken Blakemore Minnesota Levin Salem Dobhoff Hemovac Blake Robinson Chest Pfannenstiel
    McBurneys Kocherm Lanz Rutherford Gridiron Christmas Winter Well Wells Geneva Centor Duke Jonesborough Wagner
    Fontaine Rutherford Forrest Johnson Stevens Lyell Nikolsky Auspitz Koebner Darier Wickham Wood Tzanck Prader Willi Angelman
"""
EPONYMS = frozenset(_EPONYMS.split())
"""Persons after whom diseases, signs and devices are called: no names unless a title or label says so."""
NON_PERSON_PAIRS = frozenset(
    (
        *(
            "austin flint",
            "austin moore",
            "graham steell",
            "mary joseph",
            "sister mary joseph",
            "bradford hill",
            "miller fisher",
        ),
        *(
            "prader-willi",
            "ivor lewis",
            "rose bengal",
            "evans blue",
            "lloyd-davies",
            "lloyd davies",
            "argyll robertson",
        ),
        *(
            "marcus gunn",
            "stokes-adams",
            "adams-stokes",
            "ramsay hunt",
            "martin-bell",
            "martin gruber",
            "ross river",
            "lou gehrig",
        ),
        *(
            "bence jones",
            "bence-jones",
            "ray amputation",
            "smith-robinson",
            "jackson-pratt",
            "thomas splint",
            "russell-silver",
        ),
        *("cornelia de lange", "gordon-taylor", "robin sequence", "pierre robin"),
        *("pierre marie", "mary jane", "charlie horse", "jack daniels", "johnny walker"),
        *(
            "jim beam",
            "henry's law",
            "frank-starling",
            "frank starling",
            "allen key",
            "philip's screw",
            "walker frame",
        ),
    )
)
"""Two names that are no person's in a note: signs, operations, stains, drinks."""

EPONYM_SUFFIX = (
    r"(?:['’]s?)?[\s-]+(?:apple\b|\w{2,}(?:ectomy|plasty|ostomy|otomy|pexy|desis|rrhaphy|orraphy|scopy|ectomies)\b)|(?:['’]s?)?[\s-]+(?:(?:postnatal|clinic|knee|hip|sleep|depression|anxiety|severity|liver|symptom|pain|disability|functional|mobility)\s+){0,3}(?:disease|syndrome|sign|test|maneuver|manoeuvre|score|scale|criteria|catheter|drain"
    r"|tube|line|palsy|phenomenon|esophagus|cyst|contracture|sarcoma|lymphoma|tumou?r|thyroiditis|ulcer"
    r"|nodes?|fracture|procedure|operation|incision|class|classification|grade|stage|dystrophy|chorea"
    r"|ataxia|reflex|triad|law|point|position|needle|clamp|retractor|monitor|stain|virus|tremor|dementia"
    r"|gait|bod(?:y|ies)|cells?|rule|method|scan|dissection|angle|hernia|diverticulum|anomaly|malformation"
    r"|disorder|pouch|shunt|valve|stent|pump|splint|frame|study|trial|level|index|coma|block|wave|respirations?"
    r"|macule|nevus|esophagitis|brace|chart|definition|questionnaire|heart|coma|stool|system|flu|repair|forceps|consensus|patch|protocol|crisis|ophthalmopathy|encephalopathy|formula|operation|nodule|capsule|gland|anastomosis|solution|lactate|boot|boots|view|pack|prosthesis|forceps|speculum|speech|aphasia|area|muscle|fascia|loop|islets?|plexus|membrane|tubules?|disc|spot|rings?|teeth|nails|facies|breathing|jerk|manoeuver|maneuver|node|aneurysm|duct|ligament|tendon|canal|foramen|space|drip|stitch|suture)s?\b"
)
"""What follows a name after which something is called ("Wilson disease")."""
_EPONYM_PARTS = (
    r"pouch|circle|foramen|triangle|ligament|ampulla|sphincter|bundle|islets?|canal|angle|point|line|fascia|node|nodes|loop|crypts?"
    r"|valves?|tunnel|organ|tendon|zonule|duct|septum|folds?|space|plane|area|ring|artery|vein|sign|test|disease|tetralogy|pentalogy"
    r"|triad|syndrome|law|method|classification|bodies|cells?|glands?|cartilage|tubercle|tract|nucleus|cave|membrane|isthmus|hiatus"
)
EPONYM_PREFIX = rf"\b(?:(?:{_EPONYM_PARTS})\s+of|(?:segno|test|prova|manovra|malattia|sindrome|legge|morbo|signe|maladie|manoeuvre|signo|prueba|maniobra|teken|proef|ziekte|zeichen|tecken|sjukdom)\s+(?:d[ei]l?|van|nach|von)|morbus|maladie\s+de|enfermedad\s+de|morbo\s+di|ziekte\s+van|m\.|syndrome?\s+de|sindrome\s+d[ei])\s*$"
"""What stands before such a name in other languages."""

_COMMON_WORDS = """
    a an and any are arm as ate back bed been began best big bit blood body bowel brain breast
    breath bring brings brought but calls came case cast cell change changes check chest child
    children chills chronic clear clinic close cold come comes common complains complaint complete
    consent continues cough could count daily dark day days dead death deep died diet does dose
    doses doubt down dressing drink drinks drive drove drug drugs due each ear early eat eats edema
    effusion eight ended enough ever every eye face fall fast feel feels feet fell felt fever few
    fifty find fine first five flow foot found four fracture free full gait gave get gets girl give
    gives go goes good got great grew group grown gut hand hands hard has have he head hear heart
    help her here hers high him hip his hit hold home hour hours how hurt hurts husband i if ill in
    into is issue it its itch joint just keep keeps kept kidney knee knew know knows lab labs large
    last late later leave left leg legs less let level life light like line list little live liver
    lives local long look looks lost lot low lower lung lungs made main make makes many mass may me
    mean meds met mild mind minutes mole month months more most mother mouth move moves much must my
    name nausea neck need needs never new next nice night nine noon nor normal nose not note noted
    notes now numb nurse of off often old on once one onset or oral other our out over own pain pale
    part past phone place plan play point poor post pounds pulse put quit quite ran range rash rate
    read red rest ribs right rise room round run runs said same sat saw say says scale scan scar
    school seat see seem seems seen self sent set sets seven severe she short shortness shot show
    shows sick side sign signs since sister sit six size skin sleep slow small smoke smokes so soft
    some son soon sore sounds spent spine spleen spoke stable staff stands start starts states stay
    stays step steps still stomach stool stop stops stroke strong such sudden sugar suspects
    swelling take takes talk teeth tells ten tender test tests than thank thanks that the their them
    then there these they thick thin thing things think thinks third this those three throat thus
    thyroid time times tired to today toe told tolerates tone too took total touch treat tried try
    turn twice two type under until up upon upper urine us use uses usual vein very visit visits
    vomit wait wake walk walks want wants was water we weak week weeks weight well went were what
    wheeze when where which while who whole why wide wife will with work works worse would wound
    wrist year years yes yet you young your yours quiet alert awake oriented supine prone bedside
    aware agree agrees guess know that's i'm that'll oh what's it's he's she's don't didn't doesn't
    can't won't i've returns mentioned direct through about above across after against along among
    around at away before behind below beside between beyond by during except for from inside near
    per toward towards via within without again ago ahead all almost alone already also although
    always another anyone anything appears asthma became because become becomes being both boy
    brother cancer care center chair date daughter denies diabetes did do doctor dr either else
    emergency even exam examination family father female findings follow following follows former
    friend general happy healthy history hospital however hypertension immediate including instead
    lady least male man medical medication medications might mom dad mr mrs ms neither neuro niece
    nephew no none nothing number office only opinion parents partner patient patients people person
    physical presents problem problems questions really rather recent recently regular report
    reports review second several sex single social someone something sometimes son's somewhat
    stated status street surgery symptoms team thought throughout together tomorrow tonight
    treatment unable uncle unit unknown unless usually vision vitals weakness whenever whether whose
    woman women yesterday you're abc xyz abcd xxxx golf golfing house apartment shelter facility
    hospice assisted rural trailer rehab barn discuss perform stand kinda dull accident shepherd
    german board adult thirty forty nineteen finish abuse endocrine motorcycle asdf um uh oh hmm hm
    ah ow huh yup yep hiya gotcha aw uhm mhm okay ok hurry anytime wonderful normally sadly
    afternoon evening morning wow whoa please hello suffers lived sleeps afraid excellent perfect
    awesome gosh wish hope hopefully eighty percentile allergies allergic pharmacy cath seizure
    staffed notified declined pleasant obese elderly unresponsive known prior hx s/p pmh cc pcp hpi
    gyn
"""
_WORD_RESOURCE = tomllib.loads(files("manikin.text.deid").joinpath("common_words.toml").read_text("utf-8"))
COMMON_WORDS = (
    frozenset(_COMMON_WORDS.split())
    | {word.lower() for word in COMMON_CAPITALIZED}
    | {word for words in _WORD_RESOURCE.values() for word in words.split()}
)

WORD_ENDINGS = (
    *("ed", "ing", "ly", "tion", "sion", "ness", "ment", "itis", "emia", "uria", "osis", "oma", "pathy"),
    *(
        "ology",
        "ectomy",
        "scopy",
        "gram",
        "graphy",
        "ative",
        "able",
        "ible",
        "ous",
        "nal",
        "ral",
        "tal",
        "ial",
        "ual",
        "cal",
        "ic",
        "ive",
        "ism",
        "ity",
    ),
    *("ance", "ence", "pril", "olol", "statin", "azole", "mycin", "cillin", "sartan", "idine", "amine"),
    *("algia", "plegia", "phasia", "pnea", "cardia", "rrhea", "stomy", "plasty", "eous", "atic", "ular"),
)
"""How words of prose end, and names seldom do."""

_NAME_PARTICLES = (
    "van von der den de la las los del da dos das di du des bin ben ibn el al te ten ter zu af av y e le"
)
NAME_PARTICLES = frozenset(_NAME_PARTICLES.split())
"""What stands between names and is none."""


def is_common_word(word: str, *, cased: bool = False) -> bool:
    """Whether a word in lower case is one of prose rather than a name.

    Args:
        word: In lower case.
        cased: Whether it began with a capital where others do not, so that its ending tells nothing.

    Example:
        >>> is_common_word("complains"), is_common_word("donnelly"), is_common_word("donnelly", cased=True)
        (True, True, False)
    """
    if word.startswith("mc") and len(word) > 5:  # noqa: PLR2004 - "McGarrity", and no "mcg"
        return False
    if len(word) < 3 or word in COMMON_WORDS:  # noqa: PLR2004 - no name
        return True
    if cased or word.endswith("vic"):
        return False
    return word.endswith(WORD_ENDINGS) or (word.endswith("s") and word[:-1] in COMMON_WORDS)
