"""A simulated market of known truth, through time and in a vendor's own shape.

`market.Market` is asked for an instant and writes a chain as Cboe's delayed feed would, with the truth behind it:

    states       spot with jumps, volatility that rises as it falls, a smile that tilts; any instant alone
    surface      the smile of an instant, an SSVI surface without static arbitrage
    listing      which expiries and strikes exist
    fair         what each contract is worth
    quotes       spreads that lean, ticks, stale quotes, zero bids: layers to be switched off one by one
    interest     open interest and volume
    payload      the feed's JSON
    truth        every measure, from the formula of the surface
    record       a folder of payloads and truths

What is true
------------
The volatility of a strike is the European (Black) one on the true forward, with time by the clock. The forward is
F = (S - PV D) e^{r n/365}, n days between settlements. An American contract is worth its European price plus the
early-exercise premium at that volatility, on the spot that carries to F over the clock's time.

What it does not show
---------------------
Each smile is a slice of SVI, so that fitting SVI to it is fitting the truth: methods of interpolation are compared
on recorded chains, not here. Beyond three and a half standard deviations recorded smiles are steeper, and show fewer
zero bids in the put wing. The surface has no static arbitrage at any instant; between instants it moves as it was
drawn, not as a trading model would have it. Rates do not move.
"""
