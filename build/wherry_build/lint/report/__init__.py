"""Shows findings: to a person (text), to programs (json, sarif), to GitHub's pages (github).

Each module has `report(findings, rules, file_count) -> str`; none prints.
"""
