"""The public resolver: GS1 Digital Links of data carriers, answered for everybody."""
