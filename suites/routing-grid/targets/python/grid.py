"""The 240 routes that every application here adds, in this order, with what each answers.

First 200 static ones, then 20 that begin with a locale, then 20 with two free words. An answer names
its route and what stood in the free places, so that the wrong route cannot pass for the right one.
"""

SECTIONS = range(1, 11)
FEATURES = range(1, 21)
LOCALES = ("en", "ru")

STATIC = [(f"/section{section}/feature{feature}", f"section {section} feature {feature}")
          for section in SECTIONS for feature in FEATURES]


def localised(locale, feature):
    return f"{locale} feature {feature}"


def dynamic(user, repo, feature):
    return f"{user} {repo} feature {feature}"
