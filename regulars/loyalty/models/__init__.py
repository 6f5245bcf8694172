"""Tables of the programme, one module a noun; each registers itself by being imported."""

from regulars.loyalty.models import codes as codes
from regulars.loyalty.models import purchases as purchases
