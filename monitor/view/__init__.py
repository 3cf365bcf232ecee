"""How people and programs see a snapshot: words, tables, and the JSON and CSV that scripts rely on."""
