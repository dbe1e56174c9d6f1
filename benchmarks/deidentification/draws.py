"""What fills made sentences: names, places, dates and numbers of eight countries, check digits right."""

# ruff: noqa: E501, PLR2004

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

MONTHS = {
    "us": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
}
MONTHS["uk"] = MONTHS["us"]
SOUNDS = {
    "first": ("ka lo mi ren tha vel dor ni sha bri", "lyn dra bert na vin ka mund ra selle ton"),
    "last": ("wor hal qui zan fel gro mar ske tru bel", "wick stad mann ovic ell agh sen bury etti ard"),
    "town": (
        "nor hel bra wel kor lin sar dun mer tol",
        "ham feld ville stead dorf ona borg castro wijk ley",
    ),
}
ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()  # noqa: SIM905
DAYS = "Monday Tuesday Wednesday Thursday Friday".split()  # noqa: SIM905
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


@cache
def words(locale: str, part: str) -> list[str]:
    """The listed words of a country."""
    for line in (Path(__file__).parent / "fill.txt").read_text("utf-8").splitlines():
        if line.startswith(f"{locale}|{part}|"):
            return line.split("|")[2].split()
    raise KeyError((locale, part))


class Draw:
    """Draws for one sentence.

    Args:
        locale: Country.
        seed: The same seed draws the same.
    """

    def __init__(self, locale: str, seed: str) -> None:
        self.locale, self.rng = locale, random.Random(seed)
        self.day, self.month = self.rng.randint(1, 28), self.rng.randint(1, 12)
        self.year = self.rng.randint(1998, 2025)

    def fill(self, template: str) -> str:
        """The sentence with every brace filled."""
        return re.sub(r"\{([#@]?)(\w*)\}", lambda found: self.part(found[1], found[2]), template)

    def part(self, sign: str, name: str) -> str:
        """What stands in one brace."""
        if sign == "#":
            return self.digits(int(name))
        if sign == "@":
            return "".join(self.rng.choice(LETTERS) for _ in range(int(name)))
        return getattr(self, f"of_{name}")() if hasattr(self, f"of_{name}") else self.dated(name)

    def digits(self, n: int) -> str:
        """So many digits, the first not 0."""
        return str(self.rng.randint(10 ** (n - 1), 10**n - 1))

    def word(self, part: str) -> str:
        """A listed or an invented word."""
        if part in SOUNDS and self.rng.random() < 0.5:
            return "".join(self.rng.choice(some.split()) for some in SOUNDS[part]).capitalize()
        return self.rng.choice(words(self.locale, part))

    def dated(self, name: str) -> str:
        """A part of the date."""
        month = MONTHS[self.locale].split()[self.month - 1]
        ending = "th" if 10 < self.day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(self.day % 10, "th")
        return {
            "D": f"{self.day}", "DD": f"{self.day:02d}", "M": f"{self.month}", "MM": f"{self.month:02d}",
            "Y": f"{self.year}", "YY": f"{self.year % 100:02d}", "Month": month, "month": month.lower(),
            "Mon": month[:3], "mon": month[:3].lower(), "MON": month[:3].upper(), "Dth": f"{self.day}{ending}",
            "Th": ending, "ord": ORDINALS[self.day % 12], "Wday": self.rng.choice(DAYS),
        }[name]  # fmt: skip

    def of_f(self) -> str:
        """A given name."""
        return self.word("first")

    def of_l(self) -> str:
        """A family name."""
        return self.word("last")

    def of_F(self) -> str:  # noqa: N802
        """A given name in capitals."""
        return self.of_f().upper()

    def of_L(self) -> str:  # noqa: N802
        """A family name in capitals."""
        return self.of_l().upper()

    def of_fl(self) -> str:
        """A given name in small letters."""
        return self.of_f().lower()

    def of_ll(self) -> str:
        """A family name in small letters."""
        return self.of_l().lower()

    def of_i(self) -> str:
        """An initial."""
        return self.rng.choice("ABCDEFGHJKLMNPRSTW")

    def of_town(self) -> str:
        """A town."""
        return self.word("town")

    def of_street(self) -> str:
        """What a street is called."""
        return self.word("street")

    def of_W(self) -> str:  # noqa: N802
        """A point of the compass."""
        return self.rng.choice(["N.", "S.", "East", "West"])

    def of_z5(self) -> str:
        """Five digits of a postcode."""
        return f"{self.rng.randint(1000, 95999):05d}"

    def of_age(self) -> str:
        """An age over 89."""
        return str(self.rng.randint(90, 104))

    def of_ip(self) -> str:
        """An address of the internet, version 4."""
        return ".".join(str(self.rng.randint(11, 223)) for _ in range(4))

    def of_hex(self) -> str:
        """Four hexadecimal digits."""
        return f"{self.rng.randint(4096, 65535):x}"

    def of_vin(self) -> str:
        """A vehicle's number."""
        return (
            "1HGCM"
            + self.digits(2)
            + "".join(self.rng.choice(LETTERS.replace("Q", "")) for _ in range(2))
            + self.digits(8)
        )

    def of_nhs(self) -> str:
        """England's NHS number: weights 10 to 2, modulo 11."""
        while True:
            nine = self.digits(9)
            check = (11 - sum(int(d) * w for d, w in zip(nine, range(10, 1, -1), strict=True)) % 11) % 11
            if check < 10:
                return f"{nine}{check}"

    def of_nhs_(self) -> str:
        """The same in groups."""
        whole = self.of_nhs()
        return f"{whole[:3]} {whole[3:6]} {whole[6:]}"

    def of_nir(self) -> str:
        """France's social security number."""
        body = f"{self.rng.choice('12')}{self.rng.randint(30, 99)}{self.month:02d}{self.rng.randint(10, 95)}{self.digits(3)}{self.digits(3)}"
        return f"{body}{97 - int(body) % 97:02d}"

    def of_nir_(self) -> str:
        """The same in groups."""
        n = self.of_nir()
        return " ".join((n[0], n[1:3], n[3:5], n[5:7], n[7:10], n[10:13], n[13:]))

    def of_cf(self) -> str:
        """Italy's tax code."""
        body = "".join(self.rng.choice("BCDFGLMNPRST") for _ in range(6))
        body += f"{self.rng.randint(30, 99)}{self.rng.choice('ABCDEHLMPRST')}{self.day:02d}{self.rng.choice('ABCDFGHL')}{self.digits(3)}"
        odd = dict(
            zip(
                "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                (
                    1,
                    0,
                    5,
                    7,
                    9,
                    13,
                    15,
                    17,
                    19,
                    21,
                    1,
                    0,
                    5,
                    7,
                    9,
                    13,
                    15,
                    17,
                    19,
                    21,
                    2,
                    4,
                    18,
                    20,
                    11,
                    3,
                    6,
                    8,
                    12,
                    14,
                    16,
                    10,
                    22,
                    25,
                    24,
                    23,
                ),
                strict=True,
            )
        )
        total = sum(
            odd[c] if i % 2 == 0 else (int(c) if c.isdigit() else ord(c) - 65) for i, c in enumerate(body)
        )
        return body + chr(65 + total % 26)

    def of_dni(self) -> str:
        """Spain's identity number."""
        number = self.digits(8)
        return number + "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]

    def of_nie(self) -> str:
        """Spain's number of foreigners."""
        which, number = self.rng.randint(0, 2), self.digits(7)
        return "XYZ"[which] + number + "TRWAGMYFPDXBNJZSQVHLCKE"[int(f"{which}{number}") % 23]

    def of_bsn(self) -> str:
        """The Netherlands' citizen number: the test of eleven."""
        while True:
            n = self.digits(9)
            if sum(int(d) * w for d, w in zip(n, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True)) % 11 == 0:
                return n

    def of_pnr(self) -> str:
        """Sweden's personal number."""
        body = f"{self.year % 100:02d}{self.month:02d}{self.day:02d}{self.digits(3)}"
        return f"{body[:6]}-{body[6:]}{luhn(body)}"

    def of_kvnr(self) -> str:
        """Germany's health insurance number."""
        letter, eight = self.rng.choice(LETTERS), self.digits(8)
        return letter + eight + kvnr(letter, eight)

    def of_cpr(self) -> str:
        """Denmark's personal number."""
        return f"{self.day:02d}{self.month:02d}{self.year % 100:02d}-{self.digits(4)}"

    def of_hetu(self) -> str:
        """Finland's personal number."""
        date, number = (
            f"{self.day:02d}{self.month:02d}{self.rng.randint(30, 99)}",
            f"{self.rng.randint(2, 899):03d}",
        )
        return f"{date}-{number}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(date + number) % 31]}"

    def of_fnr(self) -> str:
        """Norway's birth number."""
        while True:
            nine = f"{self.day:02d}{self.month:02d}{self.year % 100:02d}{self.digits(3)}"
            first = (
                11 - sum(int(d) * w for d, w in zip(nine, (3, 7, 6, 1, 8, 9, 4, 5, 2), strict=True)) % 11
            ) % 11
            ten = f"{nine}{first}"
            if first == 10:
                continue
            last = (
                11 - sum(int(d) * w for d, w in zip(ten, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), strict=True)) % 11
            ) % 11
            if last < 10:
                return f"{ten}{last}"

    def of_ahv(self) -> str:
        """Switzerland's insurance number."""
        body = f"756{self.digits(9)}"
        check = -sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(body)) % 10
        return f"{body[:3]}.{body[3:7]}.{body[7:11]}.{body[11]}{check}"

    def of_iban(self) -> str:
        """A German bank account."""
        account = f"{self.digits(18)}"
        check = 98 - int(f"{account}131400") % 97
        whole = f"DE{check:02d}{account}"
        return " ".join(whole[i : i + 4] for i in range(0, 22, 4))


def luhn(body: str) -> int:
    """The check digit of Luhn."""
    doubled = [int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(body))]
    return -sum(d // 10 + d % 10 for d in doubled) % 10


def kvnr(letter: str, eight: str) -> str:
    """Its check digit: the letter as two digits, weights 1 and 2, digits of products summed."""
    digits = f"{ord(letter) - 64:02d}{eight}"
    products = [int(d) * (1 if i % 2 == 0 else 2) for i, d in enumerate(digits)]
    return str(sum(p // 10 + p % 10 for p in products) % 10)
