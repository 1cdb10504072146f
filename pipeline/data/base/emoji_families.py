"""Emoji whose words are nearly the same and whose drawings differ in a detail alone, which splits keep together."""

from __future__ import annotations

import re

FAMILIES = {
    "arrow": r"(?!bow|.* with ).*\barrows?\b.*|(shuffle|repeat|fast|upwards|downwards) .*button|red triangle .*"
    r"|(play|reverse|next|last|pause|stop|record|eject) .*button",
    "clock face": r".* (o clock|thirty)",
    "keycap": r"keycap.*",
    "shape": r".*(circle|square|diamond)( button)?",
    "letter button": r"([abop]|ab|cl|cool|free|id|new|ng|ok|sos|up|vs) button.*",
    "Japanese button": r"japanese .* button",
    "input button": r"input .*",
    "zodiac": r"aries|taurus|gemini|cancer|leo|virgo|libra|scorpio|ophiuchus|sagittarius|capricorn|aquarius|pisces",
    "punctuation": r"(red|white) (question|exclamation) mark",
    "moon": r".* moon( face)?",
    "globe": r"globe showing .*",
    "sun and cloud": r"sun behind .*cloud",
    "snowman": r"snowman.*",
    "hourglass": r"hourglass .*",
    "heart": r"(red|orange|yellow|green|light blue|blue|purple|brown|black|grey|white|pink) heart",
    "hearts": r"(two|revolving) hearts",
    "grin": r"(grinning|beaming) .*",
    "kissing face": r"kissing face.*|face blowing a kiss",
    "face with tongue": r".*face with tongue",
    "no evil": r".* no evil monkey",
    "suit": r".* suit",
    "medal": r"(1st place|2nd place|3rd place|sports) medal",
    "banknote": r".* banknote",
    "book": r"(closed|green|blue|orange) book",
    "mailbox": r".* mailbox .*",
    "tray": r".* tray",
    "speaker": r"(muted )?speaker.*",
    "magnifying glass": r"magnifying glass .*",
    "camera": r"camera.*",
    "pointing hand": r".*index pointing (up|down|left|right)",
    "fist": r"(left|right) facing fist",
    "sideways hand": r"(left|right)wards( pushing)? hand",
    "hair": r"(red|curly|white|blond) hair|bald",
    "couple": r"kiss|couple with heart",
    "wheelchair": r"in (motorized|manual) wheelchair",
}
"""Family -> the concepts that it joins, as a pattern of their whole name."""


def family(concept: str) -> str:
    """The family of a concept, or the concept itself."""
    return next((name for name, pattern in FAMILIES.items() if re.fullmatch(pattern, concept)), concept)
