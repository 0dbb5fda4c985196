"""The words that every room speaks: plain values and protocols, standard library only."""
