"""Write the two example lists: 400 made-up people from many languages, the same ones every time.

`python examples/make_examples.py` writes both files beside itself; a test holds the files to it. No person in them is real:
given and family names are combined by chance, companies are invented, addresses end in example.com or example.org.
"""

import csv
import hashlib
import io
import random
import unicodedata
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

HERE: Final = Path(__file__).resolve().parent
CONNECTIONS, SALES_NAVIGATOR = 150, 250
SEED: Final = 20_260_310
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # in English on every machine

NOTES: Final = (
    "When exporting your connection data, you may notice that some of the email addresses are missing. You will only see email "
    'addresses for connections who have allowed their connections to see or download their email address using this setting "Who can '
    'see or download your email address".'
)

# language: (given names, family names, places)
PEOPLE: Final = {
    "Spanish": (
        "Ana Íñigo Lucía Joaquín Begoña Martín",
        "Núñez Peñalver Ibáñez Zúñiga Cárdenas",
        "Lima, Peru|Sevilla, Spain",
    ),
    "Portuguese": (
        "João Inês Conceição Tomé Luísa Estêvão",
        "Gonçalves Simões Araújo Brandão Assunção",
        "Porto, Portugal|Recife, Brazil",
    ),
    "French": (
        "Zoé François Maëlle Jérôme Anaïs Noël",
        "Lefèvre Crépin Béranger Forêt D’Aubigné",
        "Lyon, France|Liège, Belgium",
    ),
    "German": (
        "Jürgen Käthe Sören Björn Änne Ulrike",
        "Weißkopf Müllerschön Großmann Jäkel Öztürker",
        "Köln, Germany|Zürich, Switzerland",
    ),
    "Nordic": (
        "Åse Søren Frøydis Þórunn Jökull Päivi",
        "Ångström-Lind Bjørkås Þórisdóttir Mäkeläinen Ærenlund",
        "Ålesund, Norway|Malmö, Sweden",
    ),
    "Polish": (
        "Łukasz Żaneta Stanisław Małgorzata Wawrzyniec",
        "Wójcikowski Źrebiec Śliwka-Bąk Łęcki Ćwiek",
        "Łódź, Poland|Kraków, Poland",
    ),
    "Czech": (
        "Jiří Žofie Bořivoj Štěpánka Ondřej",
        "Dvořáček Říhová Šťastný Žižkovská Čermákov",
        "Plzeň, Czechia|Košice, Slovakia",
    ),
    "Hungarian": ("Győző Szőke Ágnes Ödön Tünde", "Kővágó Szűcsné Őrsi Újhelyvári Gyöngyös", "Győr, Hungary"),
    "Romanian": ("Ștefan Ioniță Mădălina Țîru Crăița", "Bălănescu Ștețco Țurcanu Mărășescu", "Iași, Romania"),
    "Turkish": ("İlkay Gülşah Çağrı Öykü Işıl Doğukan", "Yılmazer Çelikbaş Şahingöz Öğütçü Ağırbaş", "İzmir, Türkiye"),
    "Vietnamese": ("Đức Hằng Tuấn Ngọc Thảo", "Nguyễn-Vũ Trịnh Đặng Huỳnh", "Đà Nẵng, Vietnam"),
    "Russian": ("Жанна Пётр Любовь Юрий Щербина", "Ежов Цыплаков Шумейкин Яблоковская Ёлкина", "Казань, Russia"),
    "Ukrainian": ("Їжакевич Ґанна Євген Олеся Юхим", "Ґудзь Їжак Підлісний Щурко", "Львів, Ukraine"),
    "Greek": ("Ευφροσύνη Νίκος Άννα Θεοφάνης Ιφιγένεια", "Παπαδάκος Ξενίδης Ψαρράκη Ωραιόπουλος", "Θεσσαλονίκη, Greece"),
    "Arabic": ("ليلى يوسف مريم طارق هدى", "القاسمي الزيتوني البحراني الفاخوري", "الرياض, Saudi Arabia|عمّان, Jordan"),
    "Hebrew": ("נועה איתן שירה יואב תמר", "ברנזון אלקיים שוורצברג צוריאל", "חיפה, Israel"),
    "Persian": ("شیرین آرش پریسا کیوان", "گل‌محمدی رستم‌پور ژاله‌ای چمنی", "شیراز, Iran"),
    "Hindi": ("आरव मीरा ऋषि ज्योति लक्ष्मी", "शर्मावत त्रिवेदी क्षेत्री ज्ञानेश्वर", "जयपुर, India"),
    "Tamil": ("கவின் மீனா செல்வி அருண்", "முருகேசன் தமிழ்ச்செல்வன் ஞானவேல்", "மதுரை, India"),
    "Chinese": ("思源 雨桐 子墨 浩然 静怡", "欧阳 司马 慕容 诸葛", "成都, China|台中, Taiwan"),
    "Japanese": ("さくら 健太郎 美咲 ひかる 大輝", "五十嵐原 小鳥遊 月見里 高梨木", "札幌, Japan"),
    "Korean": ("지우 하늘 서연 도윤 민준", "남궁 황보 제갈 선우", "부산, South Korea"),
    "Thai": ("มาลี สมชาย พิมพ์ใจ ธนา", "ทองสุขใส แสงดาวเรือง รุ่งโรจนา", "เชียงใหม่, Thailand"),
    "Georgian": ("ნინო გიორგი თამარ ლევან", "წერეთლაძე ჭავჭავიძე ღვინიაშვილი", "Batumi, Georgia"),
    "Yoruba": ("Ọláolú Ẹniọlá Ayọ̀délé Ṣadé", "Adébáyọ̀mí Ọlátúnjíkẹ́ Ṣóyínká-Bello", "Ìbàdàn, Nigeria"),
    "English": (
        "Imogen Dwayne Saoirse Mac Philippa",
        "O’Hanrahan-Poole St.Clairwood Featherby Quillfeather",
        "Leeds, United Kingdom|Austin, Texas",
    ),
}
COMPANIES: Final = (
    "Brightwell Tools",
    "Nordlicht Söhne GmbH & Co. KG",
    "Café Ñandú, S.A.",
    'Ateliers "Le Phare"',
    "Сосновый Бор ООО",
    "青い橋株式会社",
    "星河数据有限公司",
    "푸른숲 주식회사",
    "شركة النخيل للبرمجيات",
    "ענן בהיר בע״מ",
    "Ελιά & Θάλασσα Α.Ε.",
    "नीला आकाश प्रा. लि.",
    "Łabędź Logistyka sp. z o.o.",
    "Fjordkraft & Ås, AS",
    "Tall Giraffe Robotics, Inc.",
    "Maple | Birch Partners",
)
TITLES: Final = (
    "Head of Operations",
    "Chief Executive Officer",
    "Leiterin Einkauf",
    "Directeur général",
    "Jefa de Producto",
    "Главный инженер",
    "営業部長",
    "产品经理",
    "영업 이사",
    "مدير المبيعات",
    "Engineering Manager, Platform",
    "VP Sales (EMEA)",
    "Founder",
)


@dataclass(frozen=True)
class Made:
    """One made-up person."""

    number: int
    first: str
    last: str
    place: str
    company: str
    title: str

    @property
    def vanity(self) -> str:
        """Unique by its number, in the person's own script like many real ones are."""
        name = "-".join(f"{self.first} {self.last}".lower().replace("’", "").replace(".", "").split())
        return unicodedata.normalize("NFC", f"{name}-x{self.number:03d}")

    @property
    def email(self) -> str:
        """An address that reaches no mailbox."""
        return f"person{self.number:03d}@example.{'com' if self.number % 2 else 'org'}"

    def member_id(self, prefix: str) -> str:
        """An id in LinkedIn's shape: the prefix and 35 characters of base64url."""
        digest = hashlib.sha256(f"tact example {self.number}".encode()).digest()
        return f"{prefix}AA{urlsafe_b64encode(digest).decode()[:33]}E"


def people() -> list[Made]:
    """All 400, in the order of the files; no name comes twice."""
    chance = random.Random(SEED)
    names = [
        (first, last, place)
        for firsts, lasts, places in PEOPLE.values()
        for first in firsts.split()
        for last in lasts.split()
        for place in [chance.choice(places.split("|"))]
    ]
    chance.shuffle(names)
    return [
        Made(number, first, last, place, chance.choice(COMPANIES), chance.choice(TITLES))
        for number, (first, last, place) in enumerate(names[: CONNECTIONS + SALES_NAVIGATOR], start=1)
    ]


def connections(made: list[Made]) -> str:
    """LinkedIn's own export: a preamble, percent-escaped addresses, e-mail for the few who show it, empty cells, CRLF."""
    chance = random.Random(SEED + 1)
    out = io.StringIO()
    writer = csv.writer(out)
    out.write("Notes:\r\n")
    writer.writerow([NOTES])
    out.write("\r\n")
    writer.writerow(["First Name", "Last Name", "URL", "Email Address", "Company", "Position", "Connected On"])
    for person in made:
        day = date(2024, 1, 8) + timedelta(days=chance.randrange(760))
        employed = chance.random() > 0.06  # noqa: PLR2004 - some leave company and position empty
        writer.writerow(
            [
                person.first,
                person.last,
                f"https://www.linkedin.com/in/{quote(person.vanity)}",
                person.email if chance.random() < 0.2 else "",  # noqa: PLR2004 - few show theirs
                person.company if employed else "",
                person.title if employed else "",
                f"{day.day:02d} {MONTHS[day.month - 1]} {day.year}",
            ]
        )
    return out.getvalue()


def sales_navigator(made: list[Made]) -> str:
    """A list as Sales Navigator exporters write it: the lead's page, its id, and for most the public address or classic id too."""
    chance = random.Random(SEED + 2)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [
            "profileUrl",
            "fullName",
            "firstName",
            "lastName",
            "companyName",
            "title",
            "companyUrl",
            "location",
            "connectionDegree",
            "vmid",
            "linkedInProfileUrl",
            "timestamp",
        ]
    )
    for person, public in zip(made, _public_addresses(chance), strict=False):
        vmid = person.member_id("ACw")
        writer.writerow(
            [
                f"https://www.linkedin.com/sales/lead/{vmid},NAME_SEARCH,{hashlib.sha256(vmid.encode()).hexdigest()[:4]}",
                f"{person.first} {person.last}",
                person.first,
                person.last,
                person.company,
                person.title,
                f"https://www.linkedin.com/sales/company/{9_000_000 + COMPANIES.index(person.company)}",
                person.place,
                chance.choice(["2nd", "2nd", "3rd"]),
                vmid,
                public(person),
                f"2026-02-{chance.randrange(1, 29):02d}T{chance.randrange(24):02d}:15:00.000Z",
            ]
        )
    return out.getvalue()


def _public_addresses(chance: random.Random) -> Iterator[Callable[[Made], str]]:
    kinds = [_escaped, _escaped, _plain, _mixed_case, _classic, _nothing]
    while True:
        yield chance.choice(kinds)


def _escaped(person: Made) -> str:
    return f"https://www.linkedin.com/in/{quote(person.vanity)}/"


def _plain(person: Made) -> str:
    return f"linkedin.com/in/{person.vanity}"


def _mixed_case(person: Made) -> str:
    return f"http://de.linkedin.com/in/{person.vanity.title()}?trk=people"


def _classic(person: Made) -> str:
    return f"https://www.linkedin.com/in/{person.member_id('ACo')}"


def _nothing(person: Made) -> str:
    return ""


def main() -> None:
    """Write both files."""
    made = people()
    for name, text in (("connections.csv", connections(made[:CONNECTIONS])), ("sales_navigator.csv", sales_navigator(made[CONNECTIONS:]))):
        (HERE / name).write_text(text, encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
