"""What announces a person or a place in eight languages: titles, labels, greetings, deeds, degrees."""

# ruff: noqa: E501

from __future__ import annotations

TITLES = (
    r"Mr|Mrs|Mx|Dr|Drs|Prof|Doctor|Professor|Nurse|Reverend|Rev|Sister|Matron|Officer|Pastor|Rabbi|Imam|Captain"
    r"|Sergeant|Detective|Madam|Herrn?|Frau|Dr\.\s?med|Prof\.\s?Dr\.(?:\s?med)?|Dres|PD\s+Dr|Schwester|Pfleger"
    r"|Oberarzt|Oberarztin|Chefarzt|Chefarztin|Assistenzarzt|Assistenzarztin|Stationsarzt|Stationsarztin|Kollegen?|Kollegin"
    r"|Mme|Mlle|Monsieur|Madame|Mademoiselle|Docteur|Professeur|Maitre|Confrere|Sra|Srta|Dra|Senora?|Senorita|Dona|Doctora?"
    r"|Sig\.\s?ra|Sig\.\s?na|Sigra|Signora?|Signorina|Dott\.\s?ssa|Dottssa|Dott|Dottore|Dottoressa|Dr\.\s?ssa|Dhr|Mevr|Mevrouw"
    r"|Meneer|De\s+heer|Mijnheer|Mw|Fru|Froken|Frk|Overlege|Overlakare|Lakare|Laege|Rouva|Herra|Laakari|Sr\.\s?D|D\.(?=\s[A-Z]\w+\s[A-Z])"
)
CASED = r"Ms|Miss|Lord|Judge|Sir|Lady|Fr|Sr"
"""Titles that are words or units in small letters."""
SHORT = r"Hr|Fr|Sr|Sig|Pr|Dna|M|MM|Hrn|Avv|Mw|Mej"
"""Titles that need their full stop, being words or units without."""
DEGREES = (
    r"M\.?D\b\.?|D\.?O\b\.|DO\b|R\.?N\b\.?|Ph\.?D\b\.?|N\.?P\b\.|NP\b|P\.?A\.-?C?|PA-C\b|FRCP\w*|MBBS|MBChB|MRCP\w*|FACP|FACS|FACC"
    r"|LPN|LCSW|MSW|PharmD|DDS|DMD|DPM|CRNA|CNM|CNA|MBA|MPH|BSN|DNP|APRN|ARNP|FNP\b|medico\s+adjunto|facharzt|chirurg"
)
ROLES = (
    r"(?:wife|husband|son|daughter|dtr|dau|sis|bro|mom|dad|mum|cousin|in-law|physio(?:therapist)?|OT|PT|dietitian|chaplain|pharmacist|mother|father|brother|sister|spouse|partner|niece|nephew|aunt|uncle|friend|fiancee?"
    r"|roommate|guardian|caregiver|carer|neighbou?r|physician|doctor|nurse|therapist|surgeon|pediatrician|PCP|GP|resident|midwife"
    r"|grandson|granddaughter|grandmother|grandfather|stepson|stepdaughter|interpreter|lawyer|attorney|social worker|sitter"
    r"|psychiatrist|psychologist|dentist|oncologist|cardiologist|consultant|registrar|matron|ward sister|charge nurse|keyworker"
    r"|girlfriend|boyfriend|ex-wife|ex-husband|daughter-in-law|son-in-law|ehefrau|ehemann|tochter|sohn|schwester|bruder|epouse"
    r"|epoux|fille|fils|esposa|esposo|hija|hijo|moglie|marito|figlia|figlio|dochter|zoon|echtgenote|echtgenoot|s/n|r/n|hcp)"
)
LABELS = (
    r"(?:(?:patient|pt|mother|father|spouse|guardian|physician|provider|client|responsible|family|first|last|given|sur|maiden)?"
    r"(?:'s)?\s*names?|PCP|GP|NOK|surgeon|assistant|physician|provider|attending|resident|radiologist|an(?:a)?esthesiologist|author"
    r"|consultant|contact|kin|cc|RE|clinician|interpreter|guardian|carer|caregiver|social\s+worker|health\s+visitor|midwife"
    r"|operator|pathologist|cardiologist|oncologist|emergency\s+contact|witness|requester|ordering\s+provider|case\s+manager"
    r"|registrar|nurse|therapist|psychiatrist|psychologist|dentist|pharmacist|technologist|technician|scribe|spouse|key\s?worker"
    r"|power\s+of\s+attorney|POA|HCP|dictating\s+\w+|attending\s+\w+|primary\s+care\s+\w+|referring\s+\w+|surname|forenames?"
    r"|nachname|vorname|familienname|hausarzt|hausarztin|arzt|oberarzt|operateur|nom(?:\s+de\s+naissance)?|prenoms?|medecin(?:\s+\w+)?"
    r"|nombre(?:\s+y\s+apellidos)?|apellidos?|medico(?:\s+\w+)?|firmado|cognome|nome|firmato|naam|achternaam|voornaam|huisarts"
    r"|behandelaar|contactpersoon|navn|namn|fornavn|etternavn|efternavn|fornamn|efternamn|nimi|(?:ansvarig\s+)?lakare|fastlege"
    r"|(?:signed|dictated|transcribed|reviewed|interpreted|referred|ordered|verified|prepared|completed|entered|authored|typed)(?:\s+by)?)"
)
SAID = (
    r"(?:named|names?(?:\s+is)?|(?:co-?)?signed(?:\s+by)?|dictated\s+by|attending|contact|kin|PCP|referred\s+by|seen\s+by"
    r"|evaluated\s+by|discussed\s+with|spoke\s+(?:with|to)|talked\s+(?:with|to)|met\s+with|meeting(?:\s+held)?\s+with|[dw]/w?|cc"
    r"|per|referring|seen\s+with|accompanied\s+by|brought\s+in\s+by|called\s+by|gez\.|signed:|reviewed\s+with|consulted\s+with"
    r"|signed\s+out\s+to|handed\s+over\s+to|written\s+by|reviewed\s+by|performed\s+by|supervised\s+by|co-?signed\s+by|informed|this\s+is|for\s+(?:seeing|referring|asking)|seeing|I,|report(?:ed)?\s+to|paged|notified)"
)
GREETINGS = (
    r"dear|lieber?|liebes|sehr\s+geehrter?|cher|chere|estimad[oa]|car[oa]|beste|geachte|kara|kjaere|hi|hello|sincerely|regards"
    r"|(?:kind|best|warm)\s+regards|yours\s+(?:sincerely|faithfully|truly)|thank\s+you|thanks|mit\s+freundlichen\s+gru(?:ss|ß)en|gru(?:ss|ß)e"
    r"|cordialement|atentamente|saludos|cordiali\s+saluti|met\s+vriendelijke\s+groet(?:en)?|med\s+vanlig\w*\s+h[ai]ls\w+"
)
HUMAN = (
    r"(?:also\s+|still\s+|again\s+|now\s+|today\s+|then\s+)?(?:denies|denied|reports|reported|says|said|complains|complained|states|stated"
    r"|endorses|endorsed|agrees|agreed|consents|consented|lives|smokes|drinks|drives|signed|told|asked|telephoned|phoned|rang|feels|felt"
    r"|walks|walked|admits|admitted\s+to|attended|requests|requested|understands|verbali[sz]e[sd]|worries|worried|wants|wanted"
    r"|thinks|thought|believes|called|wishes|recalls|remembers|refuses|refused|declines|declined|tolerated\s+the|arrived|is\s+a\s+\d"
    r"|was\s+seen|was\s+discharged|was\s+admitted|was\s+referred|lost\s+\w+\s+(?:job|wife|husband)|works\s+(?:as|at|for|in)|retired)"
)
DOES = rf"{HUMAN}|called|was|is|has|came|returned|seen"
BORN = (
    r"(?:reside\s+en|resid[eo]\s+a|wohnt(?:\s+allein)?\s+in|wohnhaft\s+in|geboren\s+(?:in|te)|geb\.\s+in|stammt\s+aus|kommt\s+aus|habite\s+a|nee?\s+a|demeurant\s+a"
    r"|originaire\s+de|natural\s+de|vive\s+en|nacid[oa]\s+en|residente\s+(?:en|a)|procedente\s+de|nat[oa]\s+a|vive\s+a|abita\s+a|woont\s+in"
    r"|woonachtig\s+(?:te|in)|afkomstig\s+uit|bor\s+i|bosatt\s+i|fodt\s+i|født\s+i|fodd\s+i|kommer\s+fran|kommer\s+fra)"
)
CLINICS = (
    r"Universitatsklinikum|Klinikum|Krankenhaus|Klinik|Spital|CHU|CHRU|CHR|CH|Hopital|Hospital(?:\s+(?:General|Universitario|Clinico))?|Clinique"
    r"|Clinica|Ospedale(?:\s+(?:Civile|Maggiore))?|Policlinico|Ziekenhuis|Sjukhuset|Sykehuset|Sygehuset|Centre\s+hospitalier|Mairie"
)
OF = r"(?:de\s+la|de|d'|del|di|in|i|von|van|zu|am)(?=[\s'])"
