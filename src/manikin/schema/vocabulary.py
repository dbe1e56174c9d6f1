"""What people write in tables: names of keys, of columns that are none, spellings of gaps and of numbers.

Names are compared in lower case, without accents, their words joined by "_" (`normalize_name`).
Sources: CDISC SDTM, REDCap, UK Biobank, OMOP CDM, MIMIC, eICU, NHANES, CPRD, HES, national registers.
"""

from __future__ import annotations

import re

_PERSON_WORDS = """
patient pat ptnt subject subj person participant particip member beneficiary bene enrollee respondent
proband volunteer donor client individual indiv resident animal veteran insured case_?patient
unique_?patient patienten probanden versicherten teilnehmer personen sujet personne assure beneficiaire
malade paciente sujeto persona participante individuo afiliado doente utente pessoa paziente soggetto
assistito partecipante deelnemer persoon proefpersoon pasient deltagare deltager forsoksperson potilas
henkilo osallistuja pacjent pacjenta uczestnik pacient pacienta hasta beteg
"""
_DEPENDENT_WORDS = "pt child mother infant newborn baby twin mouse rat dog pupil student"
_NUMBER_WORDS = """
id ids nr nbr no num number key uid uuid guid code identifier sk nummer numero numer codigo codice n
kennung pseudonym pseudo kode kod cislo tunnus tunniste nro hash token label tag ref reference
"""
_STUDY_WORDS = """
study site trial source src master local hospital hosp internal external encrypted enc anon hashed deid
unique
"""


def _join_alternatives(words: str) -> str:
    return "|".join(words.split())


_LINK_PATTERN = r"(_(de|del|du|da|do|di|della|van|der|des|of))?_?"
SUBJECT_ID_PATTERN = re.compile(
    rf"^(({_join_alternatives(_STUDY_WORDS)})_)?({_join_alternatives(_PERSON_WORDS)})(_study)?(_?({_join_alternatives(_NUMBER_WORDS)})s?)?$"
    rf"|^({_join_alternatives(_DEPENDENT_WORDS)})_?(?!n$)({_join_alternatives(_NUMBER_WORDS)})$"
    rf"|^({_join_alternatives(_NUMBER_WORDS)}){_LINK_PATTERN}({_join_alternatives(_PERSON_WORDS)}|{_join_alternatives(_DEPENDENT_WORDS)})(?<!en)$"
    r"|^(uhid|persoonsnummer|kundnummer|pnum|pin|identifiant|matricule|urn|ur_(no|number)|umrn|usubjid"
    r"|subjid|subid|subno|subnum|sub|suj|([a-z]+_)?eid|seqn|uniquepid|pid|mrn|emrn"
    r"|medical_record_(number|no|nr|id)"
    r"|med_?rec(_?no)?|rid|sid|pidp|mergeid|idauniq|hhidpn|ptid|ptno|patno|patid|patnr|e_patid|enrolid"
    r"|desynpuf_id"
    r"|hosp(ital)?_?(number|no|nr|num)|unit_number|hesid|encrypted_hesid|alf(_p?e)?|lopnr|lopenr|empi"
    r"|mpi|gupi|ursi"
    r"|bcr_patient_barcode|(case_)?submitter_id)$"
)
"""Names of a number that each person has."""

NATIONAL_ID_PATTERN = re.compile(
    r"(^|_)(new_)?(nhs_?(number|no|num|nr|id)|nhi_(number|no|nr|id)|chi_(number|no|nr)|health_?(card"
    r"|care)?_(number|no|nr)"
    r"|ssn|social_security(_(number|no|nr))?|medicare_(number|no|id)|personnummer|personnr"
    r"|fodselsnummer|fodselsnr"
    r"|cpr_?(nr|nummer|number|no)|henkilotunnus|burgerservicenummer|codice_?fiscale|historia_clinica"
    r"|rodne_cislo"
    r"|tc_kimlik(_no)?|national_?id(entifier|entity)?|(kranken)?versichertennummer"
    r"|sozialversicherungs(nummer|nr)|sv_?(nr|nummer)|(ahv|avs|kv)_?(nr|no|nummer|numero)"
    r"|numero_securite_sociale|numero_(de_)?(dossier|historia)|(num|no|n)_dossier|cartella_clinica"
    r"|journalnummer"
    r"|passport(_(number|no))?|tessera_sanitaria)$"
    r"|^(nhi|chi|cpr|hcn|hkid|nric|sin|medicare|pnr|fnr|hetu|bsn|dni|nie|nuhsa|nhc|cip_?sns|cpf|curp"
    r"|pesel|amka|egn|cnp|oib"
    r"|jmbg|tckn|aadhaar|abha|kvnr|svnr|ahv|nir|ipp|nip|expediente|prontuario|cartella)$"
)
"""Names of numbers that a state, an insurer or a hospital gives to a person."""

_NAME_WORDS = """
patientenname probandenname vorname vornamen nachname familienname zuname geburtsname rufname
prenom prenoms nom_(de_)?famille
nom_(de_)?naissance nom_(du_)?patient nom_(et_)?prenoms? apellido apellidos (primer|segundo)_apellido
nombre_(del?_)?(paciente|completo) nombres?_y_apellidos? cognome nome_(del_)?paziente nome_completo
nome_e_cognome sobrenome apelido nome_(do_)?paciente voornaam voornamen achternaam roepnaam fornamn
efternamn tilltalsnamn fornavn etternavn efternavn etunimi sukunimi imie imie_i_nazwisko nazwisko prijmeni
jmeno_(a_)?prijmeni priezvisko vezeteknev keresztnev prezime ime_i_prezime soyad soyadi ad_soyad
"""
_OWNER_WORDS = "patient pat pt person subject mother father spouse guardian relative next_of_kin contact"
PERSON_NAME_PATTERN = re.compile(
    rf"^(({_join_alternatives(_OWNER_WORDS)})(_?s)?_)?(first|last|full|given|family|middle|maiden|birth)_?names?$"
    r"|^(patient|person|subject|mother|father|spouse|guardian|relative|next_of_kin)(_?s)?_?names?$"
    r"|^(surname|forename|maidenname)s?$"
    rf"|^(pat(ient(en)?)?_?)?({_join_alternatives(_NAME_WORDS)})$"
)
"""Names of columns that hold names of persons, and nothing else, however few."""

CONTACT_PATTERN = re.compile(
    r"(^|_)(first|last|full|given|family|middle|maiden|patient|person|subject)_?names?$|"
    r"(^|_)(telefon|telefono|telefone|telefoon|puhelin|handy(nummer)?|mobil(nummer)?|courriel|correo"
    r"|strasse|anschrift|adresse|direccion|domicilio|indirizzo|endereco|adres|rue)(_?(nr|no|nummer))?(_|$)"
    r"|^(nom|nome|naam|namn|navn|nimi|jmeno|meno|nev|medecin(_traitant)?|hausarzt|huisarts|initialen|initiales|iniciales"
    r"|iniziali)$"
)
"""Names of columns of addresses and telephone numbers; and of names, of persons or of something else."""

_NON_LATIN_NAME_LIST = """
姓名 患者名 病人名 氏名 이름 성명 환자명 身份证号 фио ф.и.о фамилия имяпациента отчество ονοματεπώνυμο
επώνυμο الاسم שםמשפחה
"""
NON_LATIN_NAME_WORDS = frozenset(_NON_LATIN_NAME_LIST.split())
"""What names of columns of names contain in scripts other than the Latin one."""

_RECORD_WORDS = """
encounter enc visit hadm stay icustay admission adm episode spell case record rec study scan image exam
order claim clm sample specimen accession row note report csn fall aufnahme aufnahmenr sejour episodio
ricovero opname consulta vardtillfalle registro request result series instance visit_occurrence
pat_enc_csn event observation measurement condition_occurrence drug_exposure procedure_occurrence
prescription rx lab_event transfer reg registration file folder chart seq research screening
randomisation randomization random rand enrolment enrollment anon pseudo pseudonym hashed unique ehr emr
"""
RECORD_ID_PATTERN = re.compile(
    r"^(unnamed(_\d+)?|index|idx|row(s|id|name|names|number|nr|no)?|row_(id|nr|no|num|number|names?)"
    r"|s_?no|sr_?no|sl_?no|serial(_(no|number))?|uid|guid|uuid|key|accession(_(no|number))?"
    rf"|({_join_alternatives(_RECORD_WORDS)})_?(id|nr|nbr|no|num|number|key|uid|uuid|nummer|numero)"
    rf"|(id|num|numero|nr|no)_(de_)?({_join_alternatives(_RECORD_WORDS)})"
    r"|patientunitstayid|patienthealthsystemstayid|admissionid|casenum|caseid|studyno|record_?id"
    r"|redcap_id|epikey|nda|iep|id_?(no|nr|nbr|num|number|nummer|numero)|(lfd|laufende)_?(nr|nummer)|obs)$"
)
"""Names of the number of a record: a visit, a stay, a sample, a study's case."""

ROW_COUNTER_PATTERN = re.compile(
    r"^(unnamed(_\d+)?|index|idx|row.*|s_?no|sr_?no|sl_?no|serial.*"
    r"|(visit|exam|image|scan|sample|note|row|order)_?(nr|nbr|no|num|number))$"
)
"""Names of numbers that count rows, or what a person has several of."""

ID_PATTERN = re.compile(r"(^|_)(id|ids|nbr|uid|uuid|guid|mrn|ssn|identifier)$")
"""Names of numbers given to things, whatever they are."""

POSSIBLE_ID_PATTERN = re.compile(
    r"(^|_)(ids?|nbr|uid|uuid|guid|identifier|no|nr|num|number|nummer|numero|key|pseudonym|hash|token"
    r"|barcode|kennung"
    r"|tag|ref|label)_?\d*$|^[a-z]{1,4}(id|no|nr)\d*$|^(id|no|nr)[a-z]{1,4}$|^(pt|pts|case|cases|child"
    r"|mother|baby|twin)$"
)
"""Names that may be those of a number of persons: what the column does decides."""

_NON_KEY_WORD_LIST = """
provider doctor physician nurse surgeon clinician consultant operator reader rater prescriber gp
practice practitioner site center centre hospital facility clinic ward dept department bed room location
care country region state city county zip zipcode post postal postcode plz district area territory tract
drug med medication itemid medicine product item test lab loinc concept device model batch lot box plate
well chip probe gene snp variant procedure proc diagnosis diag dx icd icd9 icd10 cpt drg ndc gsn pzn atc
hcpcs snomed rxnorm rxcui cas ean gtin type class group category cat source status reason disposition
specialty speciality insurance payer plan arm treatment trt protocol school village form question page
school inst institution medico medecin arzt station klinik lakare ort gemeinde patients subjects persons
people participants
"""
NON_KEY_WORDS = frozenset(_NON_KEY_WORD_LIST.split())
"""Words of names whose numbers belong to places, things, staff and codes, not to patients."""

AMBIGUOUS_WORDS = frozenset(
    {"id", "code", "label", "target", "y", "source", "group", "class", "kind", "type"}
)
"""Words of names of codes under which a number of persons may stand as well."""

_QUANTITY_WORD_LIST = """
age ages count counts score day days year years yr yrs month months week weeks hour hours minute minutes
second seconds time times date weight height bmi dose rate pressure nodes size length los points total
sum mean max min percent pct parity duration volume area income cost costs charge charges price salary
wage expenditure payment steps cells platelet platelets calories kcal population timestamp epoch unix
offset distance level value val result ratio titer titre copies load dob birth
"""
QUANTITY_WORDS = frozenset(_QUANTITY_WORD_LIST.split())
"""Words of names that hold quantities or moments."""
AMOUNT_PATTERN = re.compile(
    r"(offset|_?time|_?date|_?days|_?score|_?count|_?dose|_?rate|minutes|seconds|year)$"
)

_LASTING_WORD_LIST = """
sex gender female male geschlecht sexe sexo sesso kon kjonn koen sukupuoli geslacht plec race ethnicity
ethnic ethnie raza etnia dob birth birthdate birthday birthyear yob geburtsdatum geburtsjahr gebdat
naissance nacimiento nascita nascimento geboortedatum geboortejaar fodelsedatum fodselsdato syntymaaika
"""
LASTING_WORDS = frozenset(_LASTING_WORD_LIST.split())
"""Words of names of what stays the same with a person."""

NAME_COLUMN_PATTERN = re.compile(
    r"(^|_)(sur|fore|first|last|full|given|family|middle|maiden|patient|person|subject|pt|mother|father"
    r"|spouse|contact|kin|doctor|physician|provider|nurse|guardian|attending|surgeon|gp|pcp|consultant"
    r"|clinician|author|carer|relative|next_of_kin)_?names?$"
    r"|^(name|names|surname|forename|lastname|firstname|fullname|initials|physician|doctor|nurse|surgeon"
    r"|attending|next_of_kin|nok|gp|pcp|nachname|vorname|nom|prenom|nombre|apellidos?|cognome|nome|naam"
    r"|achternaam|voornaam|namn|efternamn|fornamn|navn|etternavn|fornavn)$"
)
"""Names of columns of text that may hold names of patients, relatives or staff, beside notes."""

_IDENTIFIER_WORDS = {
    "email": "email mail e",
    "phone": """phone telephone tel mobile cell fax pager phones telefono telefon telephonenumber
        handy""",
    "url": "url website web homepage",
    "address": "address addr street road residence adresse anschrift strasse direccion indirizzo adres",
    "place": """zip zipcode postcode postal postalcode plz city town village municipality county suburb
        birthplace ort stadt ville ciudad citta woonplaats""",
    "id": """mrn ssn nhs passport iban account acct policy licence license plate vin serial imei insurance
        medicare medicaid accession npi dea chi bsn nir dni nie cpr personnummer kvnr ahv chart""",
}
KIND_BY_IDENTIFIER_WORD = {
    word: kind for kind, words in _IDENTIFIER_WORDS.items() for word in words.split()
}
"""Words of names of columns of text beside notes, and what the column then holds."""

_MISSING_SPELLING_LIST = "? NA N/A n/a #N/A <NA> NaN nan NAN -nan null Null NULL None"
MISSING_SPELLINGS = frozenset(("", *_MISSING_SPELLING_LIST.split()))
"""Spellings that stand for a missing value in any column."""

MISSING_NUMBER_SPELLINGS = frozenset(
    {
        ".",
        "..",
        "-",
        "--",
        "*",
        "na",
        "none",
        "unknown",
        "unk",
        "missing",
        "not available",
        "not applicable",
    }
    | {"not done", "not known", "not measured", "not recorded", "nd", "n.a.", "n.d."}
)
"""Lower-case spellings that stand for a missing value where all else is a number or a date."""

NUMBER_PATTERN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
INTEGER_PATTERN = r"^[+-]?\d+$"
LONG_INTEGER_PATTERN = r"^[+-]?\d{17,}$"
"""Whole numbers of more digits than a quantity has."""
LIMIT_PATTERN = (
    r"^((?P<sign><=?|>=?|=<|=>|≤|≥|under|below|over|above)\s*(?P<number>\d+([.,]\d+)?)"
    r"|(?P<least>\d+([.,]\d+)?)\s*(\+|(and|or) (more|over|older|above)))$"
)
"""A number of which only a limit is known: "<0.01", ">90", "90+"."""
ZERO_PADDED_PATTERN = r"^[+-]?0\d"
SEVERITY_WORDS = frozenset(
    ("mild", "moderate", "severe", "low", "minor", "major", "slight", "light", "heavy")
)
WORD_PATTERN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,/:]\d+)*")
"""A word or a number of running text."""
