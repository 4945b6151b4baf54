"""The tag of the operations of passports in the API's description."""

from linkxg.http.route_declaration import Tag

TAG = Tag("Passports", "Digital Product Passports: what everybody, a partner, an authority and the owner read.")
