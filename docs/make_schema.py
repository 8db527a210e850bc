"""Write `reference/results.schema.json` from the code: python docs/make_schema.py."""

from pathlib import Path

from abate.report import schema

if __name__ == "__main__":
    path = Path(__file__).parent / "reference" / "results.schema.json"
    path.write_text(schema.text(), "utf-8")
