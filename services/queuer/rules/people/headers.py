"""How people and tools spell the columns of a list, by the field each fills; compared by `formats.normal`."""

from collections.abc import Mapping
from typing import Final

SPELLINGS: Final[Mapping[str, str]] = {
    "first_name": """
        first name, given name, forename, fname, first, Vorname, prénom, nombre, nombres, primer nombre, nome, primeiro nome,
        voornaam, förnamn, fornavn, etunimi, imię, jméno, ad, adı, имя, ім'я, όνομα, الاسم الأول, שם פרטי, 名, 名字, 이름,
        पहला नाम
    """,
    "last_name": """
        last name, surname, family name, lname, last, Nachname, Familienname, nom, nom de famille, apellido, apellidos,
        cognome, sobrenome, apelido, achternaam, efternamn, etternavn, efternavn, sukunimi, nazwisko, příjmení, soyad,
        soyadı, фамилия, прізвище, επώνυμο, اسم العائلة, שם משפחה, 姓, 姓氏, 성, उपनाम
    """,
    "full_name": """
        full name, name, contact name, person, lead name, vollständiger name, nom complet, nombre completo, nome completo,
        имя и фамилия, 姓名, 氏名
    """,
    "linkedin": """
        url, profile url, profile link, profile, linkedin, linkedin url, linkedin link, linkedin profile,
        linkedin profile url, linkedin profile link, linkedin address, person linkedin url, person linkedin,
        contact linkedin url, contact linkedin, public profile url, public profile, public identifier,
        linkedin public identifier, vanity, vanity name, linkedin vanity, linkedin id, linkedin member id, provider id,
        linkedin provider id, entity urn, profile urn, default profile url, sales navigator url, sales navigator link,
        sales navigator profile, sales navigator profile url, sales navigator id, sales navigator, sales nav url,
        salesnav url, sales profile url, sales url, vmid, lead url, Profil-URL, Profillink, LinkedIn-Profil, URL du profil,
        lien, lien du profil, profil, profil linkedin, enlace, URL del perfil, perfil, perfil de linkedin, URL do perfil,
        profilo, URL del profilo, ссылка, ссылка на профиль, профиль, プロフィールURL, 链接, 个人资料链接, 프로필 URL
    """,
    "email": """
        email, e-mail, mail, email address, e-mail address, mail address, work email, business email, email 1,
        E-Mail-Adresse, adresse e-mail, courriel, correo, correo electrónico, dirección de correo electrónico,
        endereço de e-mail, indirizzo e-mail, e-mailadres, e-postadress, e-post, adres e-mail, e-posta, электронная почта,
        адрес эл. почты, البريد الإلكتروني, אימייל, 邮箱, 电子邮件, メールアドレス, 이메일
    """,
    "company": """
        company, company name, current company, organization, organisation, organization name, employer, account name,
        account, Unternehmen, Firma, entreprise, société, empresa, compañía, azienda, società, bedrijf, företag, firma nazwa,
        şirket, компания, организация, компанія, εταιρεία, الشركة, חברה, 公司, 会社, 会社名, 회사, कंपनी
    """,
    "title": """
        title, job title, position, role, occupation, current title, current position, headline, Stelle, Stellenbezeichnung,
        Berufsbezeichnung, poste, intitulé du poste, fonction, cargo, puesto, posizione, qualifica, functie, befattning,
        stanowisko, unvan, должность, посада, θέση, المنصب, תפקיד, 职位, 役職, 직책, पद
    """,
    "location": """
        location, city, geography, region, place, Ort, Standort, lieu, localisation, ville, ubicación, localización, ciudad,
        localização, cidade, località, città, locatie, plaats, plats, lokalizacja, konum, город, местоположение, місто,
        τοποθεσία, الموقع, מיקום, 地点, 場所, 위치, स्थान
    """,
    "timezone": """
        timezone, time zone, tz, Zeitzone, fuseau horaire, zona horaria, huso horario, fuso horário, fuso orario, tijdzone, tidszon,
        strefa czasowa, saat dilimi, часовой пояс, часовий пояс, المنطقة الزمنية, אזור זמן, 时区, タイムゾーン, 시간대
    """,
    "connected_on": """
        connected on, connected at, connection date, verbunden am, date de connexion, en relation depuis, conectado el,
        conectado em, collegato in data, verbonden op, дата контакта, 联系建立时间, つながり日
    """,
}
