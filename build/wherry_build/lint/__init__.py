"""The linter: reads manifests and proxy configurations of anyone's, and says what is wrong.

`source` reads files into documents, `bundle` answers questions across them, a rule is a small
function (`rule`) in the module of its family, `run` runs them, `fixing` writes what can be put
right, and `report` shows it. Nothing here is imported before it is asked for.
"""
