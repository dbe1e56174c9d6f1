"""Ways to reach somebody: telephone and fax numbers of many countries, addresses of mail and of the web."""

# ruff: noqa: E501

from __future__ import annotations

import re

from manikin.text.deid.pattern_rules import compile_rules, is_measure, is_preceded_by

_TOP_LEVEL_DOMAIN = (
    r"(?:com|org|net|edu|gov|info|health|clinic|example|co\.uk|nhs\.uk|ac\.uk|org\.uk|com\.au)"
)
_ANY_DOMAIN = r"(?:[a-z]{2,12})"
_AREA_CODE = r"(?:\([2-9]\d{2}\)[\s-]?|[2-9]\d{2}[ .-])"
_EXTENSION = r"(?:,?\s*(?:x|ext\.?|extension|durchwahl|poste)\s*\d+)"
_PHONE_LABEL = (
    r"(?:(?:tele)?phones?|telefono?s?|telefoon\w*|telefax|tel[ef]?|tlf|tfno|tfn|ph|mob(?:ile?|iel|il)?|movil|cell(?:ulare|ular)?"
    r"|handy|portable|fax|puhelin|gsm|natel|whatsapp|call\s?-?back(?:\s+number)?|contact\s+(?:number|no)|rufnummer"
    r"|telefonnummer|handynummer|mobilnummer|numero\s+de\s+telephone|phone#|voicemail|landline|hotline)"
)
_CONTACT_CUE = (
    r"(?:call(?:s|ed|ing)?|ring|rang|contact(?:ed)?|reach(?:ed|able)?|text(?:ed)?|dial(?:led)?|erreichbar|bereikbaar|joindre"
    r"|home|work|office|number|numero|nummer|anruf|rappeler|llamar|chiamare|bellen)"
)
_FILLER_WORDS = (
    r"(?:\W{1,4}(?:(?:her|him|his|them|at|on|back|daughter|son|wife|husband|mother|father|the|family|number|is|was|me|us|to"
    r"|please|results?|unter|op|au|al|auf|pa|no|nr|clinic|office|home|work|cell|mobile|phone|for|with|updates?|if|needed)"
    r"\b\.?)){0,4}\W{1,4}"
)
_PHONE_DIGITS = r"(?!\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\b)(?:\+|\()?\d(?:[ ./()-]{0,3}\d){6,14}"
_NETWORK_CUE = re.compile(
    r"(?i:\b(?:ip|address|server|login|log(?:ged)?|accessed|client|host|portal|network|connect\w*|vpn|session|router|device|from)\b"
    r"[^.\d]{0,24}$)"
)
_VERSION_CUE = re.compile(
    r"(?i:\b(?:version|ver|v|firmware|software|release|build|update|section|chapter|ehr|app|package|schema)\b[^.\d]{0,16}$|\bv$)"
)
_DOSE_UNIT = re.compile(r"(?i)\s?(?:mg|ml|mcg|g|kg|mm|cm|%|units?|l|mmol|iu)\b")


def is_ip_address(match: re.Match[str]) -> bool:
    """Whether four numbers with dots are an address of the internet, and no version nor a dose."""
    parts = [int(part) for part in match[0].split(".")]
    if (
        max(parts) > 255  # noqa: PLR2004
        or is_preceded_by(match, _VERSION_CUE)
        or _DOSE_UNIT.match(match.string, match.end())
    ):
        return False
    return is_preceded_by(match, _NETWORK_CUE, 60) or max(parts) > 31  # noqa: PLR2004 - paragraphs and versions stay below


def has_phone_length(match: re.Match[str]) -> bool:
    """Whether groups of digits after a 0 are as many as a telephone number has."""
    return 9 <= sum(char.isdigit() for char in match[0]) <= 12  # noqa: PLR2004 - E.164 without the country


CONTACT_RULES = compile_rules(
    ("email", r"(?<![\w.+'’-])[\w.+'’-]{1,99}@[\w-]+(?:\.[\w-]+)+"),
    ("email", r"(?i:(?<![\w.+-])[\w.+-]{1,99}\s{0,3}[\[(]\s*at\s*[\])]\s*[\w-]+(?:\s*(?:[\[(]\s*(?:dot|punkt|point|punto)\s*[\])]|\.)\s*\w+)+)"),
    ("email", r"(?i:(?<![\w.+-])[\w.+-]{1,99} at [\w-]+ dot (?:com|org|net|edu|uk|de|fr|es|it|nl|se)\b)"),
    ("url", r"(?i:(?:(?:https?|ftp)://|www\.)[^\s<>\"')]+)"),
    ("url", rf"(?i:(?<![\w-])(?:[a-z0-9-]{{1,63}}\.){{1,6}}{_TOP_LEVEL_DOMAIN}(?:/[^\s<>\"')]*)?(?![\w@]))"),
    ("url", rf"(?i:(?<![\w-])[a-z0-9-]{{2,63}}(?:\.[a-z0-9-]{{2,63}}){{0,5}}\.{_ANY_DOMAIN}/[^\s<>\"')]+(?![\w@]))", lambda m: len(m[0]) > 10 and "." in m[0].split("/")[0]),  # noqa: PLR2004
    ("id", r"(?<![\w.])@[A-Za-z_][\w-]{2,}"),
    ("id", r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d]|\.\d)", is_ip_address),
    ("id", r"(?i:\b(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}\b|\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b)"),
    ("id", r"(?i:\b[0-9a-f]{2,4}(?::[0-9a-f]{1,4}){0,5}::(?:[0-9a-f]{1,4}:){0,5}[0-9a-f]{2,4}\b)"),
    ("phone", r"(?<![\w+])\+\d[\d ()./-]{7,18}\d\b"),
    ("phone", r"(?<![\d.])00[1-9]\d{0,2}[ /().-]{0,2}\d(?:[ /().-]{0,2}\d){6,12}\b"),
    ("phone", rf"(?<![\d.-])(?:1[ .-])?{_AREA_CODE}[2-9]\d{{2}}[ .-]\d{{4}}\b(?i:{_EXTENSION})?"),
    ("phone", rf"(?<![\d.-])(?:1[ .-])?(?:\(\d{{3}}\)[\s-]?|\d{{3}}[.-])\d{{3}}[.-]\d{{4}}\b(?i:{_EXTENSION})?"),
    ("phone", r"(?<![\d.,-])1[38]00[ -]?\d{3}[ -]?\d{3}\b(?!\s?(?:mg|ml|copies|cells|iu|units))"),
    ("phone", r"(?<![\d.,])06[ -]\d{8}\b"),
    ("phone", r"(?<![\w.,/-])0[1-9]\d{8,9}(?![\w]|[.,]\d)", lambda m: not is_measure(m)),
    ("phone", r"(?<![\d.,])\(?0[1-9](?:[ .-]\d\d){4}\b"),
    ("phone", r"(?<![\d.,/])\(?0[1-9]\d{1,4}\)?[ /-]{1,3}\d{3,8}(?:[ -]\d{2,4}){0,3}\b(?![.,/]\d)", has_phone_length),
    ("phone", r"(?<![\d.,/])\(?0[1-9]\d{0,2}\)?[ -]\d{2,4}(?:[ -]\d{2,4}){1,3}\b(?![.,/]\d)", has_phone_length),
    ("phone", rf"(?i:\b{_PHONE_LABEL}(?:\.|#|s)?{_FILLER_WORDS})(?P<x>{_PHONE_DIGITS}(?!\d)(?:{_EXTENSION})?)"),
    ("phone", rf"(?i:\b{_PHONE_LABEL}(?:\.|#|s)?(?:\W{{1,4}}[a-z]{{2,12}}){{0,2}}\W{{1,4}})(?P<x>{_PHONE_DIGITS}(?!\d)(?i:{_EXTENSION})?)"),
    ("phone", rf"(?i:\b{_CONTACT_CUE}{_FILLER_WORDS})(?P<x>{_PHONE_DIGITS}(?!\d|[.,]\d)(?i:{_EXTENSION})?)"),
    ("phone", rf"(?i:\b{_PHONE_LABEL}(?:\s+(?:number|no|is|at|was)\b)*\W{{1,4}}(?:\w+\s)?)(?P<x>\d{{2,4}}[- ]\d{{3,5}}|\d{{5,9}})\b(?![.,]\d)"),
    ("phone", r"(?i:\b(?:ext|extn|extension|pager|beeper|bleep|page|paged|poste|durchwahl|x)\b\W{1,4}(?:\w+\s)?)(?P<x>#?\d{3}-\d{4}|#?\d{3,6})\b(?!\s?(?:mg|ml|%|/))"),
    ("phone", r"\d{3}[-. ]\d{4}\s*(?:x|ext\.?)\s*(?P<x>\d{2,5})\b"),
)  # fmt: skip
