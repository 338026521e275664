"""Every threshold of screening with its reason. None of them is a programme's: an alert asks for a look, no more."""

from __future__ import annotations

# --- what is customary accuses nobody -------------------------------------------------------------------------------

# Misconduct is rare. What so large a share of many claims does is how that system keeps its books.
CUSTOM_SHARE = 0.1
CUSTOM_FROM = 200  # claims, before a share says anything

# --- DATES_OUT_OF_ORDER ---------------------------------------------------------------------------------------------

GRAVE_DAYS = 30  # a slip of the pen or a batch entered late is of days, a paper made up afterwards of months
LATE_INVOICE_SHARE = 0.01  # where more invoices than this follow their claim, the filer is let hand them in afterwards

# --- PAYMENT_MISMATCH, ROUND_TRIP -----------------------------------------------------------------------------------

SHORT_SHARE = 0.02  # of the own share: bank fees, and prices that were rounded to pay
SHORT_FEN = 100  # a yuan: fen are rounded away
INSTALMENT_SHARE = 0.03  # of the claims paid in part at the very same per cent: that is how the system is paid
COLLECTING_SHARE = 0.02  # of the payments through one account that is nobody's: a collecting account
PAYMENT_GRAVE = 75  # score
REFUND_SHARE = 0.25  # of what was paid: credits for outages and unused days are smaller
REFUND_CUSTOM = 0.03  # of the claims: refunds that so many claims have are how the system gives discounts
REFUND_MOST = 0.8  # whatever is usual, most of the money back is a round trip
RING_ACCOUNTS = 8  # accounts of a ring: in one of more, trade between many has closed it by chance

# --- NO_USAGE -------------------------------------------------------------------------------------------------------

USAGE_OF_PRODUCT = 80  # claims of the product, before its low end can be told from next to nothing
USAGE_PEERS = 20  # else of the category
USAGE_FAR = 3.5  # modified z-score of the logarithm, below
USAGE_SPREAD = 0.1  # least spread of logarithms: where all use alike, a tenth less is nothing
USAGE_RATIO = 0.1  # of the median: what is not even that was hardly used
USAGE_ALIKE = 3  # claims for a product: what these use is no less than usual for it
USAGE_CUSTOM = 0.012  # of the peers: what more of them have is the low end of honest use
UNUSED_SHARE = 0.15  # of the peers at nought: a category that is not metered
USED_THROUGHOUT = 0.5  # of the days between confirmation and claim: little, but all there was

# --- INVOICE_REUSED -------------------------------------------------------------------------------------------------

INVOICE_TAIL = 8  # digits of an invoice's own number behind the code of its roll
INVOICE_SHORTEST = 5  # digits a number needs before swapped digits or a changed prefix mean anything
INVOICE_CORE = 3  # digits of a number within one provider's own numbers
INVOICE_CLOSE = 1_000  # two numbers nearer than this may be of one roll
INVOICE_ODD = 0.01  # of the numbers are written in that shape: hardly any
INVOICE_CROWD = 40  # numbers that are looked at for one likeness
INVOICE_CHANCE = 0.004  # that an honest claim finds its number with digits swapped: more would be noise
INVOICE_RUN = 12  # numbers of a provider, from which it can be seen that they run on with the days
INVOICE_ORDER = 0.9  # Spearman's rank correlation of numbers and days of issue, likewise
INVOICE_APART = 0.08  # of the numbers lie between a number and its place: it is out of it
INVOICE_MISPLACED = 0.03  # of honest numbers, roughly, are out of their place
INVOICE_RARE_AMOUNT = 0.05  # of the invoices are over that amount: few, so that it tells them from others
INVOICE_SAME_ENTERPRISE = 0.02  # share of a provider's claims that are one customer's, roughly
# Of all claims: a likeness that more of them have, with the same things in common, is how invoices are numbered there.
INVOICE_CUSTOM = {"same": 0.01, "prefix": 0.006, "swapped": 0.006}

# --- PRICE_OUTLIER --------------------------------------------------------------------------------------------------

PRICE_PEERS = 8  # of kind or category, below which a comparison says nothing; weight of the usual spread of products
PRICE_FEWEST = 3  # of the product, likewise: their spread is helped out by the usual one
PRICE_WINDOW = 121  # orders of the product nearest in time: prices grow, and so many give a firm median
PRICE_FAR = 3.5  # modified z-score (Iglewicz and Hoaglin), on logarithms: prices err by factors, not by sums
# So many times what others pay for the product needs less of a score, where their prices scatter about one: where it
# comes in plans, the standard deviation is more than so many times what the median of deviations makes of it.
PRICE_MUCH, PRICE_MUCH_FAR, PRICE_EVEN = 1.5, 2.75, 1.4
# Where more claims than these shares are so far out, above and as far below, prices are spread otherwise, and far is
# further; and where more than the last are, above alone, too.
PRICE_FAR_SHARE, PRICE_CHEAP_SHARE, PRICE_MOST_SHARE = 0.015, 0.005, 0.04
PRICE_SPREAD = 0.05  # list prices repeat to the fen: below five per cent nobody is far from anybody
PRICE_TRIM = 0.02  # the dearest peers, which may be outliers themselves
PRICE_RATIO = {"product": 1.3, "kind": 2.0, "category": 3.0}  # and it has to matter
PRICE_GRAVE = 3.0
PRICE_LISTS = 40  # orders with a list price, before one that stands alone is no rare plan
PRICE_LIST_BANDS = (0.0, 0.005, 0.03)  # list prices within it are one, where they are rounded and adjusted by hand
PRICE_ALONE_CUSTOM = 0.02  # of the orders at list prices nobody else was quoted: then these are made for each customer
PRICE_ABOVE_NEXT = 1.05  # times the next lower list price: less is a correction
PRICE_LIST_LOOK = 21  # orders at about that list price, among which other enterprises are looked for
PRICE_LIST_OTHERS = 3  # other enterprises that were quoted it: it is the product's price
PRICE_LISTS_REPEAT = 0.85  # of the product's orders at list prices that others were quoted too
PRICE_VOICES = 3  # orders of one product among the peers of another
PRICE_MOST_VOICES = 300
ABOVE_LIST_CUSTOM = 0.03  # of the claims above list price: then these are rounded, and a little above is none
ABOVE_LIST_ROUNDING = 1.02

# --- BURST ----------------------------------------------------------------------------------------------------------

BURST_DAYS = (3, 1, 7, 14)  # windows; what is in one is not looked for in the next
BURST_LEAST = 6  # claims
BURST_HABIT = 5  # windows with claims besides, before a provider has a habit
BURST_SPAN = 60  # days from its first to its last claim, likewise
BURST_QUANTILE = 0.9  # of its windows with claims: what it files in a busy one is habit too
BURST_TIMES = 2.0  # times that
BURST_MEAN = 0.1  # claims a window at the least: two of a rare provider are no sign
BURST_CHANCE = 1e-6  # by its mean rate; there are thousands of providers times windows
BURST_MARKET = 5  # others' claims a window, from which a rush of everybody can be told

# --- SHELL_ENTERPRISES ----------------------------------------------------------------------------------------------

YOUNG_DAYS = 180  # from registration to the first order at the provider
SHELLS_LEAST = 3  # young customers that share a fact
SHELLS_CHANCE = 1e-5  # that so many of a provider's young customers hold what so many enterprises hold
SHELLS_ALONE = 5  # young customers without a fact in common
SHELLS_SHARE = 0.4  # of the provider's customers, likewise: it lives on them

# --- CAP_HUGGING ----------------------------------------------------------------------------------------------------

CAP_BAND = 0.05  # of the cap, below it: "just under"
CAP_BANDS = (0.05, 0.03, 0.015)  # those who know the cap end nearer to it than chance
CAP_FAR = 0.15  # from there to the band is what vouchers are without an eye on the cap
CAP_ATOM = 5  # vouchers of one amount that hardly any exceeds: a cap
CAP_ATOM_SHARE = 0.003
CAP_PRICES = 3  # different prices that all give it: else it is what one price gives
CAP_ABOVE = 0.02  # of the vouchers may exceed it: another tier's
CAP_ROUND = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)  # round sums
CAP_DENSER = 2.0  # a density just under a cap that is twice that further below is chance yet
CAP_FLOOR = 0.0005  # of the claims are near a cap by accident, however few are further below
CAP_PRIOR = 2.0  # claims' worth of what all do, beside what the group itself does further below
CAP_LEAST = {"provider": 4, "split": 3}  # claims of a provider; orders of an enterprise at one provider
CAP_SPLIT = 3  # parts of an order
CAP_DAYS = 7  # from one part of a split order to the next
CAP_PART = 0.6  # of the cap: smaller parts would not need splitting
CAP_PARTS_CUSTOM = 0.02  # of the claims: orders that come in parts by nature
CAP_APART, CAP_APART_SPREADS = 0.15, 3.0  # logarithms, spreads from what the product costs others: not its price
CAP_MENU = 3  # other enterprises that pay the very same price for the product: it costs that
# There are hundreds of providers, some ten thousand pairs, a few programmes, and three bands of each.
CAP_CHANCE = {"provider": 5e-5, "split": 5e-6, "programme": 1e-8}
CAP_BUMP_TIMES = 3.0
CAP_BUMP_CUSTOM = 0.03

# --- AFFILIATED_PARTIES (steps, weights and crowds: domain/affiliation.py) ------------------------------------------

# Parties that share a fact, up to which it ties them: the most of these that let chance tie no more of the pairs of
# provider and customer than that share. Phones and accounts coincide less than names and addresses.
TIE_LEVELS = (20, 12, 8, 5, 4, 3, 2)
TIE_NUMBERS = 8
TIE_COINCIDENCES = 0.003
TIE_CHANCE = 0.02  # that so many holders of a more common fact are customers of one provider that holds it too
