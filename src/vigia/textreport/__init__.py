"""Words of a text message or a radio desk -> what they say about a drone. No model, no guess: a
table of words in English and Spanish, so that the same words always mean the same."""
