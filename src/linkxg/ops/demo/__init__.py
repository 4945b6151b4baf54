"""The example account that `linkxg demo` serves."""
