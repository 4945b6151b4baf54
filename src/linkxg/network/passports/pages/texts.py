"""The texts of the page, in English and German."""

from collections.abc import Mapping

from linkxg.network.passports.pages.vocabulary_texts import LANGUAGES

Texts = Mapping[str, str]
_TABLE = {
    "passport": ("Digital Product Passport", "Digitaler Produktpass"),
    "invalid": ("This passport is withdrawn", "Dieser Produktpass wurde zurückgezogen"),
    "archived": ("This is an older version", "Dies ist eine ältere Fassung"),
    "inactive": ("This passport is no longer updated", "Dieser Produktpass wird nicht mehr aktualisiert"),
    "newest": ("Show the latest version", "Neueste Fassung anzeigen"),
    "successor": ("Passport under the present GTIN", "Produktpass unter der heutigen GTIN"),
    "predecessor": ("Former passport", "Früherer Produktpass"),
    "wholeModel": ("for all pieces of this model", "für alle Stücke dieses Modells"),
    "wholeBatch": ("for all pieces of this batch", "für alle Stücke dieser Charge"),
    "facts": ("Product", "Produkt"),
    "brand": ("Brand", "Marke"),
    "model": ("Model", "Modell"),
    "lot": ("Batch", "Charge"),
    "serial": ("Serial number", "Seriennummer"),
    "category": ("Category", "Kategorie"),
    "producer": ("Manufacturer", "Hersteller"),
    "facility": ("Made at", "Hergestellt in"),
    "country": ("Country of production", "Herstellungsland"),
    "productionDate": ("Made on", "Hergestellt am"),
    "expiryDate": ("Expires on", "Läuft ab am"),
    "life": ("Life status", "Lebensstatus"),
    "materials": ("Materials", "Materialien"),
    "material": ("Material", "Material"),
    "share": ("Share", "Anteil"),
    "recycled": ("Recycled", "Recycelt"),
    "origin": ("Origin", "Herkunft"),
    "hazardous": ("hazardous", "gefährlich"),
    "chart": ("Shares of the mass", "Anteile an der Masse"),
    "dimensions": ("Mass and size", "Masse und Maße"),
    "performance": ("Performance", "Leistung"),
    "packaging": ("Packaging", "Verpackung"),
    "claims": ("Claims and certificates", "Angaben und Zertifikate"),
    "evidence": ("Evidence", "Nachweis"),
    "documents": ("Documents", "Dokumente"),
    "attributes": ("Further properties", "Weitere Eigenschaften"),
    "withheld": ("Not shown here", "Hier nicht gezeigt"),
    "withheldWhy": (
        "The company shows this only to those with a legitimate interest, or to authorities.",
        "Dies zeigt das Unternehmen nur bei berechtigtem Interesse oder Behörden.",
    ),
    "about": ("About this passport", "Über diesen Produktpass"),
    "issuer": ("Responsible", "Verantwortlich"),
    "version": ("Version", "Fassung"),
    "updated": ("Last updated", "Zuletzt geändert"),
    "history": ("History", "Verlauf"),
    "first": ("First version", "Erste Fassung"),
    "republished": ("Issued again", "Erneut ausgestellt"),
    "changed": ("Changed", "Geändert"),
    "becomes": ("Life status is now", "Lebensstatus ist jetzt"),
    "earlier": ("Earlier versions", "Frühere Fassungen"),
    "journey": ("Journey", "Weg"),
    "journeyOf": ("Steps in the order of their dates (UTC)", "Schritte nach ihrem Datum (UTC)"),
    "journeyCut": ("There are further steps, which are not shown.", "Weitere Schritte sind hier nicht gezeigt."),
    "journeyLate": (
        "The journey cannot be shown at the moment. Open the page again later.",
        "Der Weg kann gerade nicht gezeigt werden. Öffnen Sie die Seite später noch einmal.",
    ),
    "language": ("Language", "Sprache"),
    "scan": ("Scan to open this passport", "Zum Öffnen dieses Produktpasses scannen"),
    "shortened": (
        "This passport is very large, and shortened here.",
        "Dieser Produktpass ist sehr umfangreich und hier gekürzt.",
    ),
    "complete": ("All data (JSON)", "Alle Daten (JSON)"),
    "link": ("Link of the data carrier", "Link des Datenträgers"),
    "qr": ("QR code of this passport", "QR-Code dieses Produktpasses"),
    "access": (
        "This link shows what the public page withholds.",
        "Dieser Link zeigt, was die öffentliche Seite nicht zeigt.",
    ),
    "more": ("This shows more than the public page, for", "Hier steht mehr als auf der öffentlichen Seite, für"),
    "legitimateInterest": ("a legitimate interest", "berechtigtes Interesse"),
    "authority": ("authorities", "Behörden"),
    "purpose": ("Purpose", "Zweck"),
    "until": ("Valid until", "Gültig bis"),
    "once": ("It can be opened once.", "Er kann einmal geöffnet werden."),
    "open": ("Open the passport", "Produktpass öffnen"),
    "choices": (
        "This link names no company. These have a passport with its GTIN:",
        "Dieser Link nennt kein Unternehmen. Einen Produktpass mit seiner GTIN haben:",
    ),
    "choicesOrder": (
        "The earliest passport comes first. Nobody has verified whose the GTIN is.",
        "Der früheste Pass steht zuerst. Wem die GTIN gehört, hat niemand geprüft.",
    ),
    "companies": ("Companies", "Unternehmen"),
    "choicesPrev": ("Previous companies", "Vorige Unternehmen"),
    "choicesNext": ("More companies", "Weitere Unternehmen"),
    "unit": ("A batch or an item of it", "Eine Charge oder ein Stück davon"),
    "choose": ("Choose", "Auswählen"),
    "noUnit": (
        "This link opens no passport with this batch and serial number.",
        "Dieser Link öffnet keinen Produktpass mit dieser Charge und Seriennummer.",
    ),
    "ask": ("Ask for access", "Zugang anfragen"),
    "askWhy": (
        "Who repairs, recycles or inspects this product may ask for more. The request goes to",
        "Wer dieses Produkt repariert, verwertet oder prüft, kann mehr anfragen. Die Anfrage geht an",
    ),
    "askThen": (
        "The company decides, and answers by your contact with a link that ends.",
        "Das Unternehmen entscheidet und antwortet über Ihren Kontakt mit einem Link, der endet.",
    ),
    "askRole": ("You ask as", "Sie fragen als"),
    "roleInterest": (
        "somebody with a legitimate interest, such as repair or recycling",
        "jemand mit berechtigtem Interesse, etwa Reparatur oder Verwertung",
    ),
    "roleAuthority": ("an authority, such as market surveillance", "Behörde, etwa Marktüberwachung"),
    "purposeLabel": ("What for", "Wofür"),
    "purposeHint": ("What you need, and what you will do with it.", "Was Sie brauchen und was Sie damit tun."),
    "purposeFault": ("Say what for, in at most 500 characters.", "Geben Sie in höchstens 500 Zeichen an, wofür."),
    "contactLabel": ("Your contact", "Ihr Kontakt"),
    "contactHint": (
        "Company and e-mail address: there you get the answer.",
        "Unternehmen und E-Mail-Adresse: Dorthin kommt die Antwort.",
    ),
    "contactFault": (
        "Say where to answer, in at most 200 characters.",
        "Geben Sie in höchstens 200 Zeichen an, wohin geantwortet wird.",
    ),
    "evidenceLabel": ("Evidence (optional)", "Nachweis (freiwillig)"),
    "evidenceHint": (
        "The address of a page that shows who you are, such as a permit. Begins with https://",
        "Adresse einer Seite, die zeigt, wer Sie sind, etwa eine Zulassung. Beginnt mit https://",
    ),
    "evidenceFault": (
        "This must be an address that begins with https://",
        "Das muss eine Adresse sein, die mit https:// beginnt",
    ),
    "send": ("Send request", "Anfrage senden"),
    "sentTitle": ("Request sent", "Anfrage gesendet"),
    "sent": ("Your request was sent to", "Ihre Anfrage ging an"),
    "sentThen": (
        "The company decides, and answers by the contact that you gave.",
        "Das Unternehmen entscheidet und antwortet über den Kontakt, den Sie angegeben haben.",
    ),
    "back": ("Back to the passport", "Zurück zum Produktpass"),
    "tooManyAsk": (
        "Too many requests from your network wait for this company. Your request was not sent: try again in some days.",
        "Zu viele Anfragen aus Ihrem Netz warten auf dieses Unternehmen. Ihre Anfrage wurde nicht gesendet: "
        "Versuchen Sie es in einigen Tagen noch einmal.",
    ),
    "mistake": ("Mistake", "Fehler"),
    "absentTitle": ("There is no passport here", "Hier gibt es keinen Produktpass"),
    "absent": (
        "Scan the code again. If this page comes back, ask the company or the shop from which you have the product.",
        "Scannen Sie den Code noch einmal. Erscheint diese Seite wieder, fragen Sie das Unternehmen oder das "
        "Geschäft, von dem Sie das Produkt haben.",
    ),
    "wrongTitle": ("This link is wrong", "Dieser Link ist falsch"),
    "wrong": (
        "It is incomplete, or a digit is wrong. Scan the code again.",
        "Er ist unvollständig, oder eine Ziffer ist falsch. Scannen Sie den Code noch einmal.",
    ),
    "endedTitle": ("This link opens nothing", "Dieser Link öffnet nichts"),
    "ended": (
        "It is incomplete, was used up, has ended, or was revoked. Ask the company that gave it to you for another.",
        "Er ist unvollständig, verbraucht, abgelaufen oder widerrufen. Bitten Sie das Unternehmen, von dem Sie ihn "
        "haben, um einen neuen.",
    ),
    "busyTitle": ("Too many requests", "Zu viele Anfragen"),
    "busy": (
        "Too many came from your connection. Try again later.",
        "Von Ihrer Verbindung kamen zu viele. Versuchen Sie es später noch einmal.",
    ),
    "failedTitle": ("This cannot be shown now", "Das kann gerade nicht gezeigt werden"),
    "failed": ("Open the page again later.", "Öffnen Sie die Seite später noch einmal."),
    "requestId": ("Request", "Anfrage"),
    "yes": ("yes", "ja"),
    "no": ("no", "nein"),
}
_FIELDS = {
    "name": ("Name", "Name"),
    "description": ("Description", "Beschreibung"),
    "brand": ("Brand", "Marke"),
    "modelNumber": ("Model", "Modell"),
    "category": ("Category", "Kategorie"),
    "producer": ("Manufacturer", "Hersteller"),
    "facility": ("Place of production", "Produktionsstätte"),
    "countryOfProduction": ("Country of production", "Herstellungsland"),
    "dimensions": ("Mass and size", "Masse und Maße"),
    "materials": ("Materials", "Materialien"),
    "performance": ("Performance", "Leistung"),
    "claims": ("Claims and certificates", "Angaben und Zertifikate"),
    "documents": ("Documents", "Dokumente"),
    "images": ("Images", "Bilder"),
    "packaging": ("Packaging", "Verpackung"),
    "attributes": ("Further properties", "Weitere Eigenschaften"),
    "productionDate": ("Made on", "Hergestellt am"),
    "expiryDate": ("Expires on", "Läuft ab am"),
    "journey": ("Journey", "Weg"),
    "netWeight": ("Net weight", "Nettogewicht"),
    "grossWeight": ("Gross weight", "Bruttogewicht"),
    "length": ("Length", "Länge"),
    "width": ("Width", "Breite"),
    "height": ("Height", "Höhe"),
    "volume": ("Volume", "Volumen"),
}
LANGUAGE_NAMES = {"en": "English", "de": "Deutsch"}
TEXTS: Mapping[str, Texts] = {
    language: {name: both[index] for name, both in _TABLE.items()} for index, language in enumerate(LANGUAGES)
}
FIELD_TEXTS: Mapping[str, Texts] = {
    language: {name: both[index] for name, both in _FIELDS.items()} for index, language in enumerate(LANGUAGES)
}
"""Names of members of a content and of their dimensions."""


def field_text(path: str, language: str) -> str:
    """The text for a member, for an element such as `documents[1]`, or the name that the company gave an attribute."""
    name, _, index = path.removesuffix("]").partition("[")
    if path.startswith("attributes."):
        return path.removeprefix("attributes.")
    text = FIELD_TEXTS[language].get(name, name)
    return f"{text} {int(index) + 1}" if index.isdigit() else text
