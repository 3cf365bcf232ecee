"""Does anyone need to hear it? Readings meet rules, rules move states, states make events, and the outbox delivers.

The way of an alert, a module a step: `reading` and `reference` (what is known), `rules` with `parse` and `defaults`
(what is asked), `judge` (the answer), `state` and `health` (what it changes), `slot` (all of it in one transaction),
`outbox` (what is to be sent), `queue`, `gates`, `pickup`, `flight`, `settle`, `resume` and `delivery` (how it gets
there), `journal` (what people ask afterwards). Nothing here knows the monitor; every function that touches the store
takes the caller's connection.
"""
