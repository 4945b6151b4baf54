"""The texts of the page, in English and German."""

from collections.abc import Mapping

Texts = Mapping[str, str]
LANGUAGES = ("en", "de")
_TABLE = {
    "passport": ("Digital Product Passport", "Digitaler Produktpass"),
    "invalid": ("This passport is withdrawn", "Dieser Produktpass wurde zurückgezogen"),
    "archived": ("This is an older version", "Dies ist eine ältere Fassung"),
    "inactive": ("This passport is no longer updated", "Dieser Produktpass wird nicht mehr aktualisiert"),
    "newest": ("Show the latest version", "Neueste Fassung anzeigen"),
    "successor": ("Passport under the present GTIN", "Produktpass unter der heutigen GTIN"),
    "predecessor": ("Former passport", "Früherer Produktpass"),
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
    "history": ("Previous version", "Vorige Fassung"),
    "signed": ("Signed passport (JWT)", "Signierter Produktpass (JWT)"),
    "link": ("Link of the data carrier", "Link des Datenträgers"),
    "qr": ("QR code of this passport", "QR-Code dieses Produktpasses"),
    "access": (
        "This link shows what the public page withholds.",
        "Dieser Link zeigt, was die öffentliche Seite nicht zeigt.",
    ),
    "purpose": ("Purpose", "Zweck"),
    "until": ("Valid until", "Gültig bis"),
    "once": ("It can be opened once.", "Er kann einmal geöffnet werden."),
    "open": ("Open the passport", "Produktpass öffnen"),
    "choices": (
        "This link names no company. These have a passport with its GTIN:",
        "Dieser Link nennt kein Unternehmen. Einen Produktpass mit seiner GTIN haben:",
    ),
    "unit": ("A batch or an item of it", "Eine Charge oder ein Stück davon"),
    "choose": ("Choose", "Auswählen"),
    "noUnit": (
        "This link opens no passport with this batch and serial number.",
        "Dieser Link öffnet keinen Produktpass mit dieser Charge und Seriennummer.",
    ),
    "yes": ("yes", "ja"),
    "no": ("no", "nein"),
}
TEXTS: Mapping[str, Texts] = {
    language: {name: both[index] for name, both in _TABLE.items()} for index, language in enumerate(LANGUAGES)
}
