"""Made-up names for members that were not declared."""

from typing import Final

# fmt: off
FIRST: Final = (
    "Ana", "Björn", "Chiara", "Dmitri", "Elif", "Farid", "Grace", "Hiroshi", "Ines", "Jamal", "Katarzyna", "Liam", "Mei", "Nadia",
    "Olu", "Priya", "Quentin", "Rania", "Søren", "Thandi", "Umar", "Valeria", "Wei", "Ximena", "Yusuf", "Zoë"
)
LAST: Final = (
    "Almeida", "Berger", "Castillo", "Dubois", "Eriksen", "Fontana", "Grabowski", "Haddad", "Ivanova", "Jansen", "Khan", "Lindqvist",
    "Moreau", "Nakamura", "Okafor", "Petrov", "Quispe", "Rossi", "Sato", "Tanaka", "Ueda", "Varga", "Weiss", "Xu", "Yılmaz", "Zhang"
)
COMPANIES: Final = (
    "Northwind Mills", "Blue Harbor Labs", "Lantern Freight", "Quince Analytics", "Old Bridge Foods", "Tessera Health"
)
TITLES: Final = (
    "Head of Operations", "Founder", "Procurement Lead", "VP Sales", "Data Engineer", "Plant Director"
)
PLACES: Final = (
    "New York", "Berlin", "Riyadh", "Lisbon", "Nairobi", "Osaka", "Bogotá", "Toronto"
)
# fmt: on
