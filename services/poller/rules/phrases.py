"""The wordings that classify.py knows, by language; all in lower case, without accents and vowel signs.

A phrase is added with a test that shows it, and a test that shows its nearest harmless neighbour.
"""

import re
import unicodedata
from typing import Final

_MARKS: Final = re.compile(r"[\u0300-\u036f\u064b-\u0655\u0670\u0640]")


def fold(text: str) -> str:
    """Lower case without accents, vowel signs and hamzas: people leave them out, and machines write them."""
    return _MARKS.sub("", unicodedata.normalize("NFKD", text)).casefold()


def _patterns(*texts: str) -> tuple[re.Pattern[str], ...]:
    # NFKD as the texts they are compared with; not casefold, which would turn \S into \s.
    return tuple(re.compile(_MARKS.sub("", unicodedata.normalize("NFKD", text))) for text in texts)


OPT_OUT_ALONE: Final = _patterns(
    r"^(please )?(unsubscribe|stop|opt[- ]?out|remove me)( please)?$",
    r"^(bitte )?(abmelden|austragen|stopp)( bitte)?$",
    r"^(me )?desabonner$|^desinscription$|^desinscrivez[- ]moi$",
    r"^(darme de )?baja$|^baja por favor$",
    r"^cancellami$|^disiscrivimi$|^cancellatemi$",
    r"^descadastrar$|^cancelar inscricao$|^me remova$",
    r"^(graag )?(afmelden|uitschrijven)$",
    r"^(الغاء الاشتراك|توقف|ايقاف)$",
)
"""The whole message is nothing but this."""

OPT_OUT: Final = _patterns(
    # English
    r"\b(unsubscribe me(?!-)|please unsubscribe|(want|like|wish) to (unsubscribe|opt[- ]?out)|opt me out)\b",
    (
        r"\b(remove|delete|take) me (from|off) (of )?(your|this|the|all|any)\b.{0,30}\b(list|lists|database|mailing"
        r"|mailings|emails|crm|outreach)\b"
    ),
    r"\b(do not|don't|dont|never) (ever )?(contact|message|write( to)?|e-?mail|text) me\b(?!-| (on|at|via|by|before|until|in|if))",
    r"\bstop (contacting|messaging|emailing|e-mailing|writing( to)?|spamming|texting|bothering|harassing) me\b",
    r"\bstop (sending|sending me) (me )?(these |any |more |your |such )*(messages|emails|e-mails|spam)\b",
    r"\bno (more|further) (messages|emails|e-mails|contact)\b(,? please)",
    r"\bplease no (more|further) (messages|emails|e-mails|contact)\b",
    r"\b(leave me alone|please stop (this|it)? ?(now|immediately)|take my name off)\b",
    # German
    r"\b(bitte )?(kontaktieren|kontaktiere|schreiben|schreib|schreibe) (sie )?(mich|mir) (bitte )?(nicht|nie) (mehr|wieder|langer)\b",
    r"\bkeine (weiteren|weitere) (nachrichten|mails|e-mails|kontaktaufnahmen?)\b",
    (
        r"\b(nehmen sie|streichen sie|loschen sie|nimm|streich|losch|losche) mich (bitte )?(aus|von) (ihrer|ihrem|eurer"
        r"|eurem|deiner|deinem|der|dem)\b.{0,20}(liste|verteiler|datenbank)"
    ),
    r"\b(ich mochte|mochte ich|will) (mich )?.{0,30}\b(abmelden|austragen)\b",
    r"\b(lassen sie|lass) mich (bitte )?in ruhe\b",
    # French
    r"\bne (me|m') ?(contactez|contacte|ecrivez|ecris|recontactez|envoyez)( |-)?(moi )?(plus|jamais)\b",
    r"\bmerci de ne plus (me |m')(contacter|ecrire|envoyer|solliciter|recontacter)",
    r"\b(arretez|cessez|arrete) de (me |m')(contacter|ecrire|envoyer|solliciter|spammer)",
    r"\b(retirez|supprimez|enlevez|desinscrivez)[- ]moi de (votre|vos|cette|la|toutes)\b",
    r"\b(je (souhaite|veux|voudrais)) (me )?(desabonner|desinscrire)\b",
    # Spanish
    (
        r"\bno (me )?(contacte|contacten|contactes|contacteis|escriba|escriban|escribas|envie|envien|envies|mande"
        r"|manden|mandes) (me )?(mas|nunca mas|de nuevo)\b"
    ),
    r"\b(deje|dejen|deja|dejad) de (contactarme|escribirme|enviarme|mandarme|molestarme)\b",
    r"\b(eliminenme|elimineme|eliminame|borrenme|borreme|borrame|quitenme|quiteme|quitame|denme de baja|deme de baja|dame de baja)\b",
    r"\b(quiero|quisiera|deseo) (darme de baja|cancelar la suscripcion)\b",
    # Italian
    r"\bnon (mi )?(contattatemi|contattarmi|contattate|contatti|contattare|scrivetemi|scrivermi|scrivete|scriva) (mi )?(piu|mai piu)\b",
    r"\b(smettete|smetta|smettila|smetti) di (contattarmi|scrivermi|inviarmi|mandarmi)\b",
    r"\b(rimuovetemi|rimuovimi|mi rimuova|cancellatemi|cancellami|toglietemi|toglimi) (dalla|dal|dai|dalle|da) ",
    r"\b(voglio|vorrei|desidero) (disiscrivermi|cancellarmi|cancellare (la mia )?iscrizione)\b",
    # Portuguese
    r"\bnao (me )?(contacte|contate|contatem|contactem|escreva|escrevam|envie|enviem|mande|mandem) (me )?(mais|nunca mais|novamente)\b",
    r"\b(pare|parem|para) de (me )?(contatar|contactar|escrever|enviar|mandar|contactar-me|enviar-me)\b",
    r"\b(remova-me|removam-me|me remova|me removam|retire-me|me retire|tire-me|me tire) (da|de|do|das) ",
    r"\b(quero|gostaria de|desejo) (me )?(descadastrar|cancelar (a )?(minha )?(inscricao|subscricao))\b",
    # Dutch
    r"\b(neem|nemen) (u )?(aub |a\.u\.b\. |alstublieft )?geen contact meer (met mij )?op\b",
    r"\b(stuur|schrijf|bericht|mail|contacteer|benader) (mij|me) (aub |alstublieft )?(niet|geen berichten|geen mails|nooit) meer\b",
    r"\b(verwijder|haal|schrap) (mij|me) (aub |alstublieft )?(uit|van) (uw|jullie|je|jouw|de|deze)\b",
    r"\b(ik wil|ik wens|graag) (me |mij )?(graag )?(uitschrijven|afmelden)\b",
    # Arabic
    r"(لا|الرجاء عدم|ارجو عدم|من فضلك لا) (تراسلني|تراسلوني|مراسلتي|تتواصل معي|تتواصلوا معي|التواصل معي|ترسل لي|الاتصال بي|تتصل بي)",
    r"(توقف|توقفوا|كف|كفوا) عن (مراسلتي|التواصل معي|ارسال|الاتصال بي|ازعاجي)",
    r"(احذفني|احذفوني|ازلني|ازيلوني|ازالتي|حذفي) من (قائمتك|قائمتكم|القائمة|قوائمكم)",
    r"(اريد|ارغب في|اود) الغاء الاشتراك",
)

TAKEN_BACK: Final = _patterns(
    r"\b(do not|don't|dont|never|no need to) (unsubscribe|remove|delete) me\b",
    r"\bif (you|we) (do not|don't|dont|stop|never)\b",
)
"""The same words with the opposite sense: then a person reads it."""

AUTOMATIC: Final = _patterns(
    r"\b(auto(matic)?[- ]?(reply|response|responder)|automated (reply|response|message)|autoreply)\b",
    r"\bout of (the )?office\b.{0,60}\b(until|till|from|through|returning|back on|return on|with (limited|no) access|limited access)\b",
    r"^(re: )?(out of (the )?office|ooo)\b",
    r"\b(abwesenheitsnotiz|automatische antwort|abwesenheitsmeldung|automatische nachricht)\b",
    r"\b(reponse automatique|message d'absence|message automatique)\b",
    r"\b(respuesta automatica|mensaje automatico)\b",
    r"\b(risposta automatica|messaggio automatico)\b",
    r"\b(resposta automatica|mensagem automatica)\b",
    r"\b(automatisch antwoord|automatische reactie|afwezigheidsbericht)\b",
    r"(رد تلقائي|الرد التلقائي|رسالة تلقائية)",
)
"""The note says itself that no person wrote it, or is the classic note with its dates."""

AWAY_NOW: Final = _patterns(
    (
        r"\bi('m| am| will be) (currently |now )?(out of (the )?office|away from (the office|my desk)|on (annual "
        r"|parental |maternity |paternity |sick |medical )?leave|on (vacation|holidays?|pto))\b"
    ),
    r"\b(bin|befinde mich) .{0,40}\b(nicht im (buro|hause)|ausser haus|im urlaub|in elternzeit|abwesend|auf reisen bis)\b",
    r"\bje (suis|serai) .{0,30}\b(absente? (du bureau|jusqu|du \d|de mon bureau)|en (conges?|vacances)|hors du bureau)\b",
    r"\b(estoy|estare|me encuentro) .{0,30}\b(fuera de la oficina|de vacaciones|de baja (medica|maternal|por)|ausente)\b",
    r"\b(sono|saro) .{0,30}\b(fuori (ufficio|sede)|in (ferie|vacanza)|assente)\b",
    r"\b(estou|estarei) .{0,30}\b(fora do escritorio|de ferias|em ferias|ausente)\b",
    r"\b(ik ben|ben ik) .{0,40}\b(afwezig|niet op kantoor|niet aanwezig|met (vakantie|verlof)|op vakantie)\b",
    r"(انا|اكون|ساكون) .{0,20}(خارج المكتب|في اجازة)|^خارج المكتب",
)

BACK_AGAIN: Final = _patterns(
    (
        r"\b(was|were|just got back|back from|returned from|been) .{0,20}\b(out of (the )?office|on (vacation|holidays?"
        r"|leave)|vacation|holidays?|leave)\b"
    ),
    r"\b(war|waren|komme gerade|zuruck aus) .{0,30}\b(urlaub|ausser haus|abwesend)\b",
    r"\b(j'etais|je reviens|de retour) .{0,30}\b(conges?|vacances|absente?)\b",
    r"\b(estaba|estuve|acabo de volver|vuelvo de) .{0,30}\b(vacaciones|fuera de la oficina)\b",
    r"\b(ero|sono stato|sono stata|sono tornato|sono tornata|rientrato|rientrata) .{0,30}\b(ferie|vacanza|fuori ufficio)\b",
    r"\b(estava|estive|voltei) .{0,30}\b(ferias|fora do escritorio)\b",
    r"\b(was|ben net terug) .{0,30}\b(vakantie|afwezig|verlof)\b",
    r"(كنت|عدت من) .{0,20}(اجازة|خارج المكتب)",
)
"""An absence that is over: a person writes."""
