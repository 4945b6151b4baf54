"""The success messages of the console.

The address of the next page carries a word of this list, so a reload or a shared link says the same.
"""

DONE = {
    "saved": "Saved.",
    "disabled": "The client is disabled. Its live tokens are revoked.",
    "enabled": "The client is enabled. It can request tokens again.",
    "deleted": "The client is deleted. Its secrets and live tokens are revoked.",
    "finished": "The old secret is removed. Only the new one works now.",
    "extended": "The end of the overlap is changed.",
    "narrowed": "The unused scopes are removed. The client's next token has the others.",
    "role": "The role is changed. The person's sessions and tokens ended; they sign in again.",
    "person-disabled": "The person is disabled. Their sessions and tokens ended.",
    "person-enabled": "The person is enabled and can sign in.",
    "person-removed": "The person is removed. What they created is kept.",
    "sessions-ended": "The person's sessions and tokens ended.",
    "withdrawn": "The invitation is withdrawn. Its link no longer works.",
    "session-ended": "The session ended.",
    "password": "The password is changed. Your other sessions ended.",
    "import-cancelled": "The import ends after its current rows. Rows already written are kept.",
    "import-again": "The import continues.",
    "file-again": "You are signed in again. Choose the file again; your other choices are kept.",
    "other-person": "Your unsaved input was discarded because it was entered under another account.",
    "sent-already": "Your input was already submitted with your previous sign-in. It was not submitted again.",
    "signed-out": "You are signed out.",
    "published": "The version is published. It never changes again.",
    "product-deleted": "The product is deleted. Its SKU and GTIN are free again.",
    "product-archived": "The product is archived. Its versions stay readable; its GTIN is free again.",
    "product-unarchived": "The product is unarchived. It can be changed again.",
    "draft-discarded": "The draft is discarded. The published version is as it was.",
    "draft-begun": "The draft is created with the content of the old version.",
    "version-withdrawn": "The version is withdrawn. It stays readable, with the reason.",
}
