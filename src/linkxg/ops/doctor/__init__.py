"""The checks of `linkxg doctor`."""
