"""What the name of a subfolder looks like: a patient's, a class's, a visit's, a part of a collection."""

from __future__ import annotations

import re
from functools import cache

from manikin.schema.name_lists import read_names

NAME_FORMS = (
    "person", "surname", "pair", "patient", "unique", "date", "digits",
    "numbered", "class", "visit", "part", "word", "code",
)  # fmt: skip
"""What a name may look like: a person's given or family name, two unknown words, a numbered patient, ..."""

_PATIENT_WORDS = frozenset(
    """
    sub subject subj pat patient pt p s id pid mrn rid case person participant volunteer proband
    subjid anon anonymous child woman man mouse donor individual record rec hn nhs uid member client
    paciente patientin persona sujet sujeto fall proefpersoon brats lidc idri tcga tcia luna
    """.split()  # noqa: SIM905 - a list of words reads better so
)
"""Words before the number of a person; the last are collections that number patients."""
_VISIT_WORDS = frozenset(
    """
    visit visits ses session scan scans exam study series acquisition acq tp timepoint baseline bl
    followup fu follow up day week month year pre post preop postop before after screening episode
    admission encounter run v m im slice slices frame frames dicom anat func dwi fmap perf image img
    left right axial sagittal coronal
    """.split()  # noqa: SIM905
)
_PART_WORDS = frozenset(
    """
    fold site center centre hospital clinic scanner batch part parts subset set split chunk shard
    archive disk disc volume vol folder dir data dataset collection source cohort partition release
    country region
    """.split()  # noqa: SIM905
)
_CLASS_WORDS = frozenset(
    """
    ii iii iv vi bi rads normal abnormal benign malignant malign healthy sick ill control controls
    ctrl case cases positive negative pos neg disease diseased tumor tumour tumors tumours notumor
    cancer cancerous cyst cystic solid lesion lesions nodule nodules mass masses grade stage class
    type level score category group label target arm low high mild moderate severe none no non yes
    true false other others unknown undefined very early late acute chronic primary secondary male
    female m f left right ad cn mci emci lmci smci pmci nc hc pd als ms adhd asd mdd scz ftd covid
    covid19 sars tb viral bacterial virus bacteria fungal lung brain breast skin chest abdomen hand
    head knee spine hip eye retina liver kidney heart colon cell cells cxr xray ct mr mri us pet t1
    t2 flair adc opacity infiltration effusion edema oedema fracture fractured demented dementia
    nondemented impairment nv mel bcc akiec ak bkl df vasc scc cnv dme drusen adi back deb lym muc
    mus norm str tum ductal lobular in situ invasive insitu polyp polyps pylorus cecum ulcer colitis
    bleeding parasitized uninfected infected eosinophil lymphocyte monocyte neutrophil basophil
    platelet erythroblast ig pituitary squamous basal large small nevus naevus nevi melanocytic
    common atypical typical dyed lifted dr npdr pdr glaucoma cataract myopia hypertension diabetes
    diabetic retinopathy birads acr kl nyha asa gleason tnm t n g r metavir density proliferative
    alive dead died survived responder nonresponder recurrence relapse remission smoker nonsmoker
    treated untreated treatment placebo drug exposed unexposed good bad poor fair ap pa lateral
    frontal cc mlo axial sagittal coronal hem all aml cll covid-19 with without elbow finger forearm
    humerus shoulder wrist ankle foot thorax abdominal mammography ultrasound dermoscopy noise
    signal sinus afib af mi sttc cd hyp block rhythm beat apnea wake rem sleep discharge radiology
    nursing cardiology pathology notes cardiac respiratory renal neuro surgery medicine letters
    report reports summary consult
    """.split()  # noqa: SIM905
)
"""Words of classes as they stand in public collections of pictures, signals and notes."""
_DISEASE_ENDINGS = re.compile(
    r"(omas?|itis|osis|oses|emia|aemia|pathy|pathies|plasia|plastic|trophy|megaly|rrhage|rrhagic|stenosis|ectasis"
    r"|thorax|enia|lysis|sclerosis|ncy|tension|cardia|carcinoma|oid|iasis|ectomy|ism|genic|monia|graphy|scopy)$"
)
"""Endings of the words of diseases and procedures."""
_TOKEN_PATTERN = re.compile(r"[^\W\d_]+|\d+")
_DATE_PATTERN = re.compile(
    r"^(19|20)\d\d[-_. ]?(0[1-9]|1[0-2])[-_. ]?(0[1-9]|[12]\d|3[01])([-_ T]?\d{4,6})?$"
    r"|^(0?[1-9]|[12]\d|3[01])[-_. ](0?[1-9]|1[0-2])[-_. ](19|20)?\d\d$"
)
_UNIQUE_ID_PATTERN = re.compile(
    r"^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$|^\d+(\.\d+){4,}$|^(?=.*\d)(?=.*[a-f])[0-9a-f]{8,}$",
    re.IGNORECASE,
)
_MIN_LONG_LENGTH, _MIN_WORD_LENGTH = 4, 3


def split_name(name: str) -> list[str]:
    """The words and numbers of a name: at signs, changes of case and digits.

    Example:
        >>> split_name("Smith_John"), split_name("VeryMild-Demented"), split_name("sub-01")
        (['smith', 'john'], ['very', 'mild', 'demented'], ['sub', '01'])
    """
    return [part.lower() for part in _TOKEN_PATTERN.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))]


def mask_numbers(name: str) -> str:
    """A name with "#" for each number, so that P0003 and P0017 are alike.

    Example:
        >>> mask_numbers("LIDC-IDRI-0017")
        'lidc-idri-#'
    """
    return re.sub(r"\d+", "#", name.lower())


def classify_folder_name(name: str) -> str:
    """What one name looks like by itself: one of `NAME_FORMS`.

    Example:
        >>> names = "Smith_John", "P0003", "grade_2", "0", "2024-02-11", "ses-01"
        >>> [classify_folder_name(name) for name in names]
        ['person', 'patient', 'class', 'digits', 'date', 'visit']
    """
    name = name.strip()
    if _DATE_PATTERN.match(name):
        return "date"
    if _UNIQUE_ID_PATTERN.match(name):
        return "unique"
    found = split_name(name)
    letters = [word for word in found if not word.isdigit()]
    numbers = [word for word in found if word.isdigit()]
    if not letters:
        return "digits" if len(numbers) == 1 else "numbered" if numbers else "code"
    if numbers:
        return _classify_numbered_name(name, letters, numbers)
    return _classify_word_name(name, letters)


@cache
def _read_person_names() -> frozenset[str]:
    """Given and family names in small letters; read where subfolders are, which most data lack."""
    names = read_names("women", "men", "families")
    return frozenset(name.lower() for name in names)


def _classify_numbered_name(name: str, letters: list[str], numbers: list[str]) -> str:
    """A name with a number: whose or what of which."""
    named = [word for word in letters if word in _read_person_names() and len(word) >= _MIN_WORD_LENGTH]
    clinical, first = _has_clinical_word(letters), letters[0]
    if named and len("".join(numbers)) >= _MIN_LONG_LENGTH and not clinical:
        return "person"
    of_class = set(letters[1:]) & _CLASS_WORDS - _PATIENT_WORDS - {"t", "n", "g", "r"}
    tests: tuple[tuple[str, bool], ...] = (
        ("class", name[:2] == "pT"),  # a stage, not a patient
        (
            "patient",
            first in _PATIENT_WORDS
            and not of_class
            and (first != "case" or not _has_clinical_word(letters[1:])),
        ),
        ("visit", first in _VISIT_WORDS and len(letters) <= 2),  # noqa: PLR2004 - "follow up 3"
        ("part", first in _PART_WORDS),
        ("class", clinical and max(map(len, numbers)) < _MIN_WORD_LENGTH),
        ("patient", letters[-1] in _PATIENT_WORDS),
    )
    return next((what for what, true in tests if true), "numbered")


def _classify_word_name(name: str, letters: list[str]) -> str:
    """A name without a number."""
    known = [word for word in letters if word in _read_person_names() and len(word) > 1]
    several = 1 < len(letters) <= _MIN_LONG_LENGTH
    tests: tuple[tuple[str, bool], ...] = (
        (
            "patient",
            several and letters[0] in _PATIENT_WORDS and all(len(word) == 1 for word in letters[1:]),
        ),
        ("class", _has_clinical_word(letters)),
        ("visit", all(word in _VISIT_WORDS for word in letters)),
        ("part", letters[0] in _PART_WORDS or letters[-1] in _PART_WORDS),
        ("person", several and bool(known)),
        ("surname", len(letters) == 1 and bool(known)),
        ("pair", several and name != name.lower()),
    )
    return next((what for what, true in tests if true), "word")


def _has_clinical_word(letters: list[str]) -> bool:
    """Whether some word is one of classes or diseases."""
    return any(
        word in _CLASS_WORDS or (len(word) > _MIN_LONG_LENGTH and _DISEASE_ENDINGS.search(word))
        for word in letters
    )


def is_lower(name: str) -> bool:
    """Whether a name is a plain word in small letters, as persons hardly ever are called."""
    return name == name.lower() and len(name) >= _MIN_WORD_LENGTH


def is_scan(name: str) -> bool:
    """Whether a name is that of a numbered image, scan or stay, which no word calls one of several visits.

    Example:
        >>> is_scan("IMG_0001"), is_scan("scan12"), is_scan("week3")
        (True, True, False)
    """
    return bool(re.fullmatch(r"(?i)(im|img|image|scan|exam|study|series|acq|run|admission)[-_ ]?\d+", name))
