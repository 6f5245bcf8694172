"""Tables of the programme, one module a noun; each registers itself by being imported."""

from regulars.loyalty.models import cards as cards
from regulars.loyalty.models import coalition as coalition
from regulars.loyalty.models import codes as codes
from regulars.loyalty.models import ledger as ledger
from regulars.loyalty.models import members as members
from regulars.loyalty.models import programme as programme
from regulars.loyalty.models import promotions as promotions
from regulars.loyalty.models import purchases as purchases
from regulars.loyalty.models import rewards as rewards
from regulars.loyalty.models import standing as standing
