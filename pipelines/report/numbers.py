"""How the page writes numbers: one place for digits, units and dates.

Thousands are parted by a narrow no-break space, minus is the true minus, a unit follows after a narrow space.
"""

import datetime as dt

NARROW = "\u202f"
MINUS = "\u2212"
NOTHING = "\u2013"


def number(value: float | None, digits: int = 0) -> str:
    """A plain number; an en dash where there is none."""
    if value is None:
        return NOTHING
    return f"{value:,.{digits}f}".replace(",", NARROW).replace("-", MINUS)


def count(value: int, noun: str) -> str:
    """A number of things, such as `1 episode` or `12 episodes`."""
    return f"{number(value)} {noun}" if value == 1 else f"{number(value)} {noun}s"


def energy(wh: float | None) -> tuple[str, str]:
    """An amount of energy and its unit: kWh with one decimal below 100, MWh from 10,000 kWh."""
    if wh is None:
        return NOTHING, "kWh"
    kwh = wh / 1000
    if abs(kwh) >= 10_000:
        return number(kwh / 1000, 1), "MWh"
    return number(kwh, 1 if abs(kwh) < 100 else 0), "kWh"


def kwh(wh: float | None) -> str:
    """Energy in a kWh column: one decimal below 100 kWh."""
    if wh is None:
        return NOTHING
    return number(wh / 1000, 1 if abs(wh) < 100_000 else 0)


def share(part: float | None, whole: float | None) -> str:
    """A share in percent: one decimal, whole percent where the whole is below 100."""
    if not whole or part is None:
        return NOTHING
    return number(100 * part / whole, 1 if whole >= 100 else 0) + NARROW + "%"


def change(now: float | None, before: float | None) -> str:
    """A change in percent on the period before, in words where there is none to compare with."""
    if not before or now is None:
        return "no period before to compare with"
    percent = 100 * (now - before) / before
    sign = "+" if percent > 0 else ""
    return f"{sign}{number(percent, 1)}{NARROW}% on the period before"


def duration(seconds: float | None) -> str:
    """A duration: seconds below 60, minutes below 120, then hours and minutes, whole hours from 120, days from 60."""
    if seconds is None:
        return NOTHING
    if abs(seconds) < 59.5:
        return f"{number(seconds)}{NARROW}s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes}{NARROW}min"
    if minutes < 120 * 60:
        return f"{minutes // 60}{NARROW}h{NARROW}{minutes % 60:02d}"
    if minutes < 60 * 24 * 60:
        return f"{number(minutes / 60)}{NARROW}h"
    return f"{number(minutes / 1440)}{NARROW}days"


def day(value: dt.date | None) -> str:
    """A day, such as `7 Nov`."""
    return NOTHING if value is None else f"{value.day} {value:%b}"


def moment(value: dt.datetime | None) -> str:
    """A time in the report's zone, such as `20 Nov 09:20`, in one piece."""
    return NOTHING if value is None else f"{value.day} {value:%b %H:%M}".replace(" ", "\u00a0")


def dated(value: dt.datetime | None) -> str:
    """A time that may be long ago, such as `15 Jan 2024 11:02`, in one piece."""
    return NOTHING if value is None else f"{value.day} {value:%b %Y %H:%M}".replace(" ", "\u00a0")


def per_1000(count: float | None, of: float | None) -> float | None:
    """A rate per 1,000; null where nothing could have counted."""
    return None if not of or count is None else 1000 * count / of
