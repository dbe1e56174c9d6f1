"""Numbers of records, accounts, licences, vehicles and devices, by what announces them in eight languages."""

# ruff: noqa: E501

from __future__ import annotations

import re

from manikin.text.deid.address_rules import ADDRESS_RULES
from manikin.text.deid.age_rules import AGE_RULES
from manikin.text.deid.contact_rules import CONTACT_RULES
from manikin.text.deid.date_rules import DATE_RULES
from manikin.text.deid.national_number_rules import NATIONAL_NUMBER_RULES
from manikin.text.deid.pattern_rules import compile_rules, is_measure
from manikin.text.deid.street_rules import STREET_RULES

_WEAK_LABEL = (
    r"(?:unit|group|plan|model|lot|batch|study|subject|trial|order|job|requisition|claim|badge|employee|encounter|visit|card"
    r"|case|device|record|hospital|patient|pt|chart|tag|barcode|insurance|insured|medicare|beneficiary|admission"
    r"|participant|sample|file|reference|ref|our ref|your ref|referral|ticket|invoice|bill|receipt|booking|registration"
    r"|finger\s?print|voice\s?print|biometric|retinal\s+scan|iris\s+scan|certificate|licen[sc]e|policy\s*holder|guarantor"
    r"|health\s+plan(?:\s+beneficiary)?|prescription|id|identifier|tessera(?:\s+sanitaria)?|matricola|matricule|polis"
    r"|cartella(?:\s+clinica)?|afiliacion|asegurado|tarjeta|expediente|poliza|mutuelle|adherent|carte\s+vitale|implant"
    r"|pacemaker|icd|pump|lead|valve|stent|generator|prosthesis|visa|mastercard|amex|passeport|pasaporte|paspoort)"
)
_SURE_LABEL = (
    r"(?:MRN|MR#|encounter|PID|NIP|INS|ID\s+(?:paziente|patient|paciente|pasient|pt)|pt\s+ID|invoice|cert\.?|lic\.?|(?:trial|study)\s+subject|med(?:ical)?\.?\s+rec(?:ord)?|hosp(?:ital)?\.?\s+(?:no|nr|num|number)|account|acct|a/c|HAR|policy|member"
    r"|subscriber|insurance\s+group|group|rx|rxbin|pcn|prior\s+auth(?:orization)?|BCBS|medicaid|HICN|SSN?#?|soc(?:ial)?\.?(?:\s+sec(?:urity)?\.?)?|NHI|nosologico|NUHSA|SDO|scheda|episodio|URN?|TSI|(?:IP|OP|CR|regn)(?=\.?\s+no)|PAN(?=\s+[a-z]{5}\d)|voter|ABHA|aadhaar|UHID|IHI|TFN|tax\s+file|medicare\s+card|EHIC|GHIC|H&C|pesel|personnr|AMKA|CNP|BIC|MPI|EMPI|URN|HRN|CRN|SVNR|NISS|INSZ|biopsy|histology|path(?:ology)?|lab(?:oratory)?|order|X-?ray|film|study\s+instance|SOP|(?:driv(?:er'?s?|ing)\s+)licen[sc]e|permis(?:\s+de\s+conduire)?|fuhrerschein|patente|rijbewijs|korkort|korekort|permiso\s+de\s+conducir"
    r"|licen[sc]e|DEA|NPI|DL|S/N|SN|serial|accession|specimen|certificate|VIN|plate|passport|chart|FIN|CSN|case|device|UUID"
    r"|UDI|IMEI|GMC|NMC|HCPC|NHS|CHI|NINO|NI|PPSN?|BSN|NIR|IPP|IEP|NDA|NHC|CIP|SIP|NUSS|DNI|NIE|NIF|C\.?F\.?|KVNR|CPR|HETU"
    r"|AHV|fnr|UPI|codice\s+fiscale|historia(?:\s+clinica)?|dossier|securite\s+sociale|n[°º]?\s*secu|henkilotunnus|sort\s+code"
    r"|personal\s+number|burgerservicenummer|steuer-?id|lot|reg|employee|badge|study\s+id|model/serial|ID)"
)
_NUMBER_SIGN = (
    r"(?:(?:\s+ID)?\s*(?:/\s*serial)?\s*(?:numbers?\b|nos?\b\.?|nro?\b\.?|num\b\.?|n\.|n[°º]|numero\b|nummer\b|#|ID\b|code\b"
    r"|ending(?:\s+in)?\b))"
)
_LABEL_GAP = r"(?:\s+(?:is|was|are|of))?\s*[:#=.-]*\s*#?\s*"
_NUMBER_VALUE = (
    r"(?<![A-Za-z])(?P<x>(?!(?:19|20)\d\d\b(?![-/]))"
    r"(?:[A-Z]{1,5} \d{6} [A-Z\d]{5}\b|[A-Z]{1,4}(?:/[A-Z]{1,4}){1,2}/\d{3,10}\b|[A-Z]{5}\d{4}[A-Z]\b|[A-Z]{1,3}/\d{1,4}/\d{2,8}\b|\d{1,4}[A-Z]{1,3} \d{3,6}\b|\d[A-Z]{1,2} \d{4,6}\b|(?:[A-Z]{1,5}[-/]?|[A-Z]{1,3} )?(?<!\d)(?:\d{2,5}(?:[ -]\d{2,10}){1,4}\b|(?=[A-Z0-9/.-]{3,})[A-Z]{0,5}\d[A-Z0-9]*(?:[-/.](?=[A-Z0-9]*\d|[A-Z]{1,3}\b)[A-Z0-9]+)*))"
    r"(?: [A-Z]{1,4}\d[A-Z0-9]{3,})?(?![\w/]|-\w))"
)
_COUNT_UNIT = re.compile(
    r"(?i)\s?(?:years?|yrs?|months?|weeks?|days?|hours?|hrs?|minutes?|min|times|mg|mcg|ml|g|kg|cm|mm|%|units?|patients?|of\b"
    r"|beds?|points?|am\b|pm\b|states?|cases?|visits?|tablets?|x\b|in\b\s+\d)"
)
_PLATE_NUMBER = r"\d?[A-Z]{1,3}[- ]?[A-Z]{0,2}[- ]?\d{1,6}(?:[- ]?[A-Z]{1,3})?|\d{2,3}[- ][A-Z]{1,2}[- ]\d{1,6}|\d{1,4}[- ]?[A-Z]{2,3}(?:[- ]?\d{1,2})?"
_PLATE_LABEL = (
    r"(?:(?:licen[sc]e|number|vehicle|car)?\s*plates?|(?:car|vehicle)\s+(?:reg(?:istration)?|tag)|registration|reg|(?:kfz-?)?kenn?zeichen"
    r"|immatricul\w+|matricula|targa|kenteken|rekisterinumero|registreringsnummer|regnr|tag)"
)
_CODE_PREFIX = r"(?:rs|nct|nm|np|ensg|enst|chebi|hp|go|omim|pmid|pmc|cpt|icd|drg|ndc|snomed|loinc|ro|pf|ly|bay|azd|gsk|mk|bms|abt|amg|tak|jnj|incb|isrctn|c|x|v|hg|na|ro)"


def is_identifier_number(match: re.Match[str]) -> bool:
    """Whether a value after a usual word ("case", "unit") is a number given to something, and no count."""
    value = match["x"]
    if re.match(r"(?i)(?:icd|cpt|drg)\W*(?:code|\d)", match[0]):  # of a classification
        return False
    digits = sum(char.isdigit() for char in value)
    return digits > 1 and len(value) > 2 and not _COUNT_UNIT.match(match.string, match.end("x"))  # noqa: PLR2004


def is_unmarked_number(match: re.Match[str]) -> bool:
    """As `is_identifier_number`, for a value that no number sign announces: at least four signs."""
    return is_identifier_number(match) and len(match["x"]) > 3 and not re.match(r"\d+\.\d", match["x"])  # noqa: PLR2004


def is_no_measure(match: re.Match[str]) -> bool:
    """Whether a long number is no quantity."""
    return not is_measure(match)


def is_identifier_code(match: re.Match[str]) -> bool:
    """Whether letters and digits are neither a gene, a variant, a trial, a classification nor a drug."""
    return not re.match(rf"(?i){_CODE_PREFIX}[-_ ]?\d", match[0]) and not is_measure(match)


NUMBER_RULES = compile_rules(
    ("id", r"(?i:(?<![\w-])[\w-]{1,120}\.(?:jpe?g|png|tiff?|heic|bmp|gif|dcm|mov|mp4|pdf|docx?)\b)"),
    ("id", r"(?i:\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)"),
    ("id", r"(?i:\b(?=[a-z]*\d)(?=\d*[a-z])[a-hj-npr-z0-9]{17}\b)", lambda m: sum(c.isdigit() for c in m[0]) > 5),  # noqa: PLR2004
    ("id", r"\(01\)\s?\d{14}(?:\s?\(\d\d\)\s?\w+)*"),
    ("id", rf"(?i:(?<![/\w])(?:{_SURE_LABEL}|{_WEAK_LABEL})\.?{_NUMBER_SIGN}{_LABEL_GAP}{_NUMBER_VALUE})", is_identifier_number),
    ("id", rf"(?i:(?<![/\w])(?:{_SURE_LABEL}|{_WEAK_LABEL})\b\s*(?:\([^)\d]{{1,12}}\)\s*)?[:=]\s*#?\s*{_NUMBER_VALUE})", is_identifier_number),
    ("id", rf"(?i:(?<![/\w]){_SURE_LABEL}\b\.?\s*(?:is|was|-|ID)?\s*#?\s*{_NUMBER_VALUE})", is_unmarked_number),
    ("id", rf"(?i:\b(?!zimmer|haus|bett|kamer|rum)(?:\w*nummer|\w{{3,}}\.?-?nr|nr)\b\.?{_LABEL_GAP}{_NUMBER_VALUE})", is_identifier_number),
    ("id", rf"(?i:(?<!\w)(?:n[°º.]|nro\.?|numero|num\.)\s*(?:d[e']\s*|del?\s+)?(?:[a-z]{{2,}}\s*){{0,3}}[:.]?\s*{_NUMBER_VALUE})", is_unmarked_number),
    ("id", rf"(?i:(?<![/\w])(?:{_SURE_LABEL}|{_WEAK_LABEL})\s+(?:n\.|n[°º]|no)\s*{_NUMBER_VALUE})", is_identifier_number),
    ("id", rf"(?i:\b(?:model|serial|implant)(?:/serial)?{_LABEL_GAP}\w+\s+)(?P<x>(?=\w*\d)[A-Z0-9]{{6,}})\b"),
    ("id", r"(?i:\b(?:last\s+(?:four|4)(?:\s+digits)?(?:\s+of\s+(?:(?:her|his|the|their)\s+)?\w+(?:\s+\w+)?)?|ending(?:\s+in)?)\W{1,3}(?:(?:is|are)\s+)?)(?P<x>\d{4})\b"),
    ("id", rf"(?i:\b{_PLATE_LABEL}\b\.?{_NUMBER_SIGN}?{_LABEL_GAP})(?P<x>(?i:{_PLATE_NUMBER}))(?![\w-])", lambda m: sum(c.isdigit() for c in m["x"]) > 1 and not _COUNT_UNIT.match(m.string, m.end("x"))),
    ("id", r"(?i:\bref\.?\s+)(?P<x>(?i:[A-Z]{1,4}(?:/[A-Z]{1,4}){1,2}/\d{3,10}))\b"),
    ("id", r"\b[A-Z]{2}-\d{3}-[A-Z]{2}\b"),
    ("id", r"(?i:#\s?(?P<x>[A-Z]{1,4}\d[\w-]{3,}|\d{5,}))"),
    ("id", r"(?i:\b[A-Z]{1,4}-?\d{5,}[A-Z]?\b(?!\s*(?:units?|iu|u|cells|copies|cfu)\b))", is_identifier_code),
    ("id", r"(?i:\b[A-Z]{1,3}\d{2}-\d{4,6}\b)", is_identifier_code),
    ("id", r"(?<![\d.,])\d{12,}(?!\d|[.,]\d)", is_no_measure),
    ("id", r"(?i:\b(?:patient|pt|mr|mrs|ms|miss|herr|frau|name)\.?\s+[\w'-]+(?:\s+[\w'-]+)?\s*[,(]\s*#?)(?P<x>[A-Z]{0,3}\d{5,10})(?=\s*[,)])"),
)  # fmt: skip

PATTERN_RULES = (
    *CONTACT_RULES,
    *NATIONAL_NUMBER_RULES,
    *NUMBER_RULES,
    *DATE_RULES,
    *AGE_RULES,
    *STREET_RULES,
    *ADDRESS_RULES,
)
"""All that its form or an announcement tells."""
