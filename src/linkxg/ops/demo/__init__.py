"""The example accounts that `linkxg demo` serves."""
