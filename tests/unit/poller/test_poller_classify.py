"""What kind of answer a message is."""

import pytest

from services.poller.rules.classify import classify
from shared.vocabulary import Reply

OPT_OUTS = [
    "unsubscribe",
    "STOP",
    "Stop.",
    "Please remove me from your list.",
    "Take me off this mailing list please",
    "Please don't contact me again.",
    "Don’t message me anymore",
    "Stop messaging me!",
    "No more emails, please",
    "I would like to unsubscribe from this",
    "Bitte kontaktieren Sie mich nicht mehr.",
    "Schreiben Sie mir bitte nicht mehr, danke",
    "Keine weiteren Nachrichten bitte!",
    "Bitte löschen Sie mich aus Ihrem Verteiler",
    "Ne me contactez plus.",
    "Merci de ne plus m'écrire",
    "Arrêtez de m'envoyer des messages",
    "Désinscrivez-moi de votre liste",
    "Por favor, no me escriban más",
    "Dejen de contactarme",
    "Quiero darme de baja",
    "Non contattatemi più",
    "Smettete di scrivermi",
    "Vorrei disiscrivermi",
    "Não me contacte mais",
    "Parem de me enviar mensagens",
    "Quero me descadastrar",
    "Neem geen contact meer met mij op",
    "Stuur mij geen berichten meer",
    "Ik wil me graag uitschrijven",
    "لا تراسلني مرة أخرى",
    "الرجاء عدم التواصل معي",
    "إلغاء الاشتراك",
    "أريد إلغاء الاشتراك",
]

AWAY = [
    "Automatic reply: I am travelling.",
    "Out of office: I am back on 3 January.",
    "Hi, I am currently out of the office until Monday with limited access to email.",
    "Thanks for your message. I'm on annual leave until 12 August.",
    "Abwesenheitsnotiz: Ich bin bis 5. Mai nicht erreichbar.",
    "Ich bin bis Montag nicht im Büro.",
    "Ich bin derzeit im Urlaub und melde mich danach.",
    "Réponse automatique : je serai de retour lundi.",
    "Je suis absente du bureau jusqu'au 4 mai.",
    "Respuesta automática: gracias por su mensaje.",
    "Estoy fuera de la oficina hasta el lunes.",
    "Risposta automatica",
    "Sono in ferie fino al 20 agosto.",
    "Resposta automática: volto na segunda.",
    "Estou de férias até dia 10.",
    "Automatisch antwoord",
    "Ik ben tot maandag afwezig.",
    "رد تلقائي: سأعود يوم الأحد",
    "أنا خارج المكتب حتى الأحد",
]

PEOPLE = [
    "",
    "Thanks, let us talk on Tuesday.",
    "Not interested, thank you.",
    "Kein Interesse, danke.",
    "Please stop by our booth next week!",
    "I was out of the office last week, sorry. Yes, send it over.",
    "Just got back from vacation, let's talk",
    "I am out of the office until Monday, but can we talk on Tuesday?",
    "Don't remove me from your list, I like it",
    "We do not contact me-too vendors",
    "Do not contact me on Fridays, any other day is fine",
    "We stopped messaging our customers by mail",
    "Ich war im Urlaub, gerne nächste Woche.",
    "Bin gerade aus dem Urlaub zurück und hätte Zeit",
    "J'étais en vacances, parlons-en",
    "Can customers unsubscribe me-too lists in your tool?",
    "> unsubscribe\nYes, gladly!",
    "نعم، لنتحدث غدا",
    "Sounds good. " * 60 + "By the way, our compliance team says: remove me from your list must be honoured.",
]


@pytest.mark.parametrize("text", OPT_OUTS)
def test_clear_words_in_many_languages_opt_out(text: str) -> None:
    assert classify(text) is Reply.OPT_OUT


@pytest.mark.parametrize("text", AWAY)
def test_an_automatic_note_is_out_of_office(text: str) -> None:
    assert classify(text) is Reply.OUT_OF_OFFICE


@pytest.mark.parametrize("text", PEOPLE)
def test_whatever_is_doubtful_is_a_person(text: str) -> None:
    assert classify(text) is Reply.HUMAN
