"""What announces a person or a place in eight languages: titles, labels, greetings, deeds, degrees."""

# ruff: noqa: E501

from __future__ import annotations

TITLES = (
    r"Mr|Mrs|Mx|Dr|Drs|Prof|Doctor|Professor|Nurse|Reverend|Rev|Sister|Matron|Officer|Pastor|Rabbi|Imam|Captain"
    r"|Sergeant|Detective|Madam|Herrn?|Frau|Dr\.\s?med|Prof\.\s?Dr\.(?:\s?med)?|Dres|PD\s+Dr|Schwester|Pfleger"
    r"|Oberarzt|Oberarztin|Chefarzt|Chefarztin|Assistenzarzt|Assistenzarztin|Stationsarzt|Stationsarztin|Kollegen?|Kollegin"
    r"|Mme|Mlle|Monsieur|Madame|Mademoiselle|Docteur|Professeur|Maitre|Confrere|Sra|Srta|Dra|Senora?|Senorita|Dona|Doctora?"
    r"|Sig\.\s?ra|Sig\.\s?na|Sigra|Signora?|Signorina|Dott\.\s?ssa|Dottssa|Dott|Dottore|Dottoressa|Dr\.\s?ssa|Dhr|Mevr|Mevrouw"
    r"|Meneer|Smt|Shri|Sri|Kumari|Ward\s+Sister|Staff\s+Nurse|Overlaege|Overlæge|Læge|Sygeplejerske|Sjukskoterska|Sykepleier|Verpleegkundige|Infirmiere?|Enfermer[ao]|Infermier[ae]|De\s+heer|Mijnheer|Mw|Fru|Froken|Frk|Overlege|Overlakare|Lakare|Laege|Rouva|Herra|Laakari|Sr\.\s?D|D\.(?=\s[A-Z]\w+\s[A-Z])"
)
CASED_TITLES = r"Ms|Miss|Lord|Judge|Sir|Lady|Fr|Sr"
"""Titles that are words or units in small letters."""
ABBREVIATED_TITLES = r"D(?=\.\s[A-Z]\w+\s(?:[A-Z]|de))|Hr|Fr|Sr|Sig|Pr|Dna|M|MM|Hrn|Avv|Mw|Mej"
"""Titles that need their full stop, being words or units without."""
DEGREES = (
    r"M\.?D\b\.?|D\.?O\b\.|DO\b|R\.?N\b\.?|Ph\.?D\b\.?|N\.?P\b\.|NP\b|P\.?A\.-?C?|PA-C\b|FRCP\w*|MBBS|MBChB|MRCP\w*|FACP|FACS|FACC"
    r"|LPN|LCSW|MSW|PharmD|DDS|DMD|DPM|CRNA|CNM|CNA|MBA|MPH|BSN|DNP|APRN|ARNP|FNP\b|medico\s+adjunto|facharzt|chirurg"
)
PERSON_ROLES = (
    r"(?:mother-in-law|father-in-law|twin|parents|stepmother|stepfather|grandma|grandpa|nan|granny|landlord|landlady|flatmate|housemate|colleague|boss|warden|wife|husband|son|daughter|dtr|dau|sis|bro|mom|dad|mum|cousin|in-law|physio(?:therapist)?|OT|PT|dietitian|chaplain|pharmacist|mother|father|brother|sister|spouse|partner|niece|nephew|aunt|uncle|friend|fiancee?"
    r"|roommate|guardian|caregiver|carer|neighbou?r|physician|doctor|nurse|therapist|surgeon|pediatrician|PCP|GP|resident|midwife"
    r"|grandson|granddaughter|grandmother|grandfather|stepson|stepdaughter|interpreter|lawyer|attorney|social worker|sitter"
    r"|psychiatrist|psychologist|dentist|oncologist|cardiologist|consultant|registrar|matron|ward sister|charge nurse|keyworker"
    r"|girlfriend|boyfriend|ex-wife|ex-husband|daughter-in-law|son-in-law|ehefrau|ehemann|tochter|sohn|schwester|bruder|epouse"
    r"|epoux|fille|fils|esposa|esposo|hija|hijo|moglie|marito|figlia|figlio|dochter|zoon|echtgenote|echtgenoot|s/n|r/n|hcp)"
)
FOREIGN_ROLES = (
    r"(?:conjointe?|compagnon|compagne|mere|pere|soeur|frere|madre|padre|hermano|hermana|fratello|sorella|moeder|vader|broer|zus|hustrun?"
    r"|maken|dottern?|sonen|datter(?:en)?|sonn(?:en)?|mor|far|mutter|vater|lebensgefahrt\w+|patienten?|patientin|pasienten?|paziente|paciente"
    r"|patiente|pat\.)"
)
"""Relatives and patients in other languages, after which a verb may stand as well."""
NAME_LABELS = (
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
NAME_CUES = (
    r"(?:named|names?(?:\s+is)?|(?:co-?)?signed(?:\s+by)?|dictated\s+by|attending|contact|kin|PCP|referred\s+by|seen\s+by"
    r"|evaluated\s+by|discussed\s+with|spoke\s+(?:with|to)|talked\s+(?:with|to)|met\s+with|meeting(?:\s+held)?\s+with|[dw]/w?|cc"
    r"|per|referring|seen\s+with|accompanied\s+by|brought\s+in\s+by|called\s+by|gez\.|signed:|reviewed\s+with|consulted\s+with"
    r"|signed\s+out\s+to|handed\s+over\s+to|written\s+by|reviewed\s+by|performed\s+by|supervised\s+by|co-?signed\s+by|informed|this\s+is|for\s+(?:seeing|referring|asking)|seeing|I,|report(?:ed)?\s+to|paged|notified|(?:message|letter|voicemail|vm|call|tc|t/c|phone\s+call|e-?mail|text|handover|note)\s+(?:left\s+)?(?:for|from|to|with)|known\s+(?:to\s+\w+\s+)?as|a\.?k\.?a\.?|nicknamed|goes\s+by|prefers\s+to\s+be\s+called|attn:?|attention:?|ask\s+for|bleep(?:ed)?|escalated\s+to|rang|phoned|telephoned|c/o(?=\s+M)|[sd]/o|under\s+the\s+care\s+of|consent\s+(?:obtained\s+)?from|verified\s+by|checked\s+by|interpreted\s+by|reported\s+by|scribed\s+by|prescribed\s+by)"
)
GREETINGS = (
    r"dear|lieber?|liebes|sehr\s+geehrter?|cher|chere|estimad[oa]|car[oa]|beste|geachte|kara|kjaere|hi|hello|sincerely|regards"
    r"|(?:kind|best|warm)\s+regards|yours\s+(?:sincerely|faithfully|truly)|thank\s+you|thanks|mit\s+freundlichen\s+gru(?:ss|ß)en|gru(?:ss|ß)e"
    r"|cordialement|atentamente|saludos|cordiali\s+saluti|met\s+vriendelijke\s+groet(?:en)?|med\s+vanlig\w*\s+h[ai]ls\w+"
)
PERSON_VERBS = (
    r"(?:also\s+|still\s+|again\s+|now\s+|today\s+|then\s+)?(?:denies|denied|reports|reported|says|said|complains|complained|states|stated"
    r"|endorses|endorsed|agrees|agreed|consents|consented|lives|smokes|drinks|drives|signed|told|asked|telephoned|phoned|rang|feels|felt"
    r"|walks|walked|admits|admitted\s+to|attended|requests|requested|understands|verbali[sz]e[sd]|worries|worried|wants|wanted"
    r"|thinks|thought|believes|called|wishes|recalls|remembers|refuses|refused|declines|declined|remains\s+(?:settled|comfortable|(?i:npo|nbm)|confused|drowsy|agitated|unwell|stable|well)|settled(?!\s+the)|ambulated|mobili[sz]ed|slept|transferred\s+from\s+bed|was\s+(?:also\s+|very\s+|quite\s+|more\s+|a\s+bit\s+)?(?:tearful|upset|anxious|distressed|agitated|confused|settled|unsettled|comfortable|drowsy|asleep|sleepy|cheerful|keen|happy|pleasant|weepy|angry)|is\s+(?:also\s+|very\s+|quite\s+|more\s+|a\s+bit\s+)?(?:tearful|upset|anxious|distressed|agitated|confused|settled|unsettled|comfortable|drowsy|asleep|sleepy|cheerful|keen|happy|weepy|angry|aware\s+of)|seemed|no-showed|missed\s+(?:his|her|their)|klagt|berichtet|gibt\s+an|se\s+plaint|refiere|riferisce|meldt|klaagt|uppger|oplyser|klager|is\s+a\s+(?:lovely|pleasant|delightful|very|retired|widow\w*|smoker|\d)|tolerated\s+(?:pt|ot|his|her|diet|fluids|lunch|breakfast|dinner|the)|arrived|is\s+a\s+\d"
    r"|was\s+seen|was\s+discharged|was\s+admitted|was\s+referred|lost\s+\w+\s+(?:job|wife|husband)|works\s+(?:as|at|for|in)|retired)"
)
PERSON_PREDICATES = rf"{PERSON_VERBS}|called|was|is|has|came|returned|seen"
RESIDENCE_CUES = (
    r"(?:reside\s+en|resid[eo]\s+a|wohnt(?:\s+allein)?\s+in|wohnhaft\s+in|geboren\s+(?:in|te)|geb\.\s+in|stammt\s+aus|kommt\s+aus|habite\s+a|nee?\s+a|demeurant\s+a"
    r"|originaire\s+de|natural\s+de|vive\s+en|nacid[oa]\s+en|residente\s+(?:en|a)|procedente\s+de|nat[oa]\s+a|vive\s+a|abita\s+a|woont\s+in"
    r"|woonachtig\s+(?:te|in)|afkomstig\s+uit|bor\s+i|bosatt\s+i|fodt\s+i|født\s+i|fodd\s+i|kommer\s+fran|kommer\s+fra)"
)
CLINIC_WORDS = (
    r"Universitatsklinikum|Klinikum|Krankenhaus|Klinik|Spital|CHU|CHRU|CHR|CH|Hopital|Hospital(?:\s+(?:General|Universitario|Clinico))?|Clinique"
    r"|Vardcentralen|Legekontoret|Laegehuset|Lægehuset|Gezondheidscentrum|Huisartsenpraktijk|Praxis|Gemeinschaftspraxis|Pflegeheim|Seniorenheim|Altenheim|EHPAD|Maison\s+de\s+retraite|Centro\s+de\s+Salud|Residencia|Ambulatorio|Casa\s+di\s+(?:cura|riposo)|Verpleeghuis|Sjukhus|Sygehus|Sykehus|HMP|Hmp|Hotel|Hotell|Firma|Fa\.|Boulangerie|Talleres|Ditta|Schule|Grundschule|Gymnasium|Lycee|College|Colegio|Instituto|Liceo|Skolan|clinique|clinica|ditta|ospedale|sygehus|sjukhuset|sykehuset|klinikk|ziekenhuis|colegio|lycee|ecole|Ecole|escuela|Escuela|scuola|Scuola|basisschool|Basisschool"
    r"|Clinica|Ospedale(?:\s+(?:Civile|Maggiore))?|Policlinico|Ziekenhuis|Sjukhuset|Sykehuset|Sygehuset|Centre\s+hospitalier|Mairie"
)
OF_PARTICLES = r"(?:de\s+la|de|d'|del|di|in|i|von|van|zu|am)(?=[\s'])"
WORKPLACE_CUES = (
    r"(?:(?:works?|worked|working|employed|employee|job|volunteers?|volunteered|apprentice|trainee|shifts?|retired)(?:\s+(?:full|part)[\s-]time)?"
    r"(?:\s+as\s+(?:an?\s+)?[a-z]+(?:\s+[a-z]+)?)?\s+(?:at|for|by|with|from)|(?:student|pupil|teacher|pastor|priest|nurse|lecturer|professor|clerk|cook"
    r"|worker|labourer|laborer|technician|engineer|secretary|nun|monk|guard|driver|manager|cleaner|caretaker|resident|inmate|member|boarder|patient|registered)\s+(?:at|of)|attends|attended|enrolled\s+(?:at|in)"
    r"|plays\s+for|studies\s+at|studied\s+at|goes\s+to|owner\s+of|arbeitet\s+(?:bei|in)|beschaftigt\s+bei|angestellt\s+bei|tatig\s+bei|besucht"
    r"|travaille\s+(?:chez|a)|employee?\s+(?:chez|a)|trabaja\s+(?:en|para)|empleado\s+(?:en|de)|lavora\s+(?:presso|alla|al|per|in)"
    r"|werkt\s+(?:bij|voor|op)|werkzaam\s+bij|arbetar\s+(?:pa|hos|vid)|arbejder\s+(?:pa|hos|ved)|jobber\s+(?:pa|hos|ved)|ansat\s+(?:hos|ved))"
    r"(?:\s+(?:the|der|die|das|dem|la|le|les|el|il|lo|de|het))?"
)
"""What a place of work or of learning follows."""
TRAVEL_CUES = (
    r"(?:(?:discharged|transferred|admitted|referred|brought|sent|came|comes|arrived|flew|returned|returning|moved|moving|relocated|emigrated|taken|picked\s+up"
    r"|back|home|born|travel(?:led|ed|ling)?|trip|holiday|vacation|flight|visit(?:ed|ing)?|stays|staying|stayed|based|farm|house|flat|works?|worked|lives?|living"
    r"|resides?|residing|seen|followed(?:\s+up)?|dialysis|clinic|admission|study|scan|ct|mri|imaging|centre|center|school|nursing\s+home|hospice|accident|collision|follow[\s-]up|dialysed|treated|reviewed|operated|done|performed)"
    r"(?:\s+(?:in|home|back|by\s+ambulance|over|out|up|down|here|directly))?\s+(?:to|from|in|near|outside|at|around)|born|visited|visiting|resident\s+of|native\s+of|parish|township|suburb|village"
    r"|district|ubernommen\s+aus|verlegt\s+(?:nach|in)|transferee?\s+(?:a|de|vers)|trasferit[oa]\s+(?:a|da)|trasladad[oa]\s+(?:a|de|desde)|reside\s+en"
    r"|habite|overgeplaatst\s+naar|overflyttet\s+(?:fra|til)|overflyttad\s+(?:fran|till))\s*:?\s+"
)
"""What a town follows, where a capital makes it one."""
