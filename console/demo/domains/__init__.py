"""The simulated companies, from the busiest to the quietest."""

from console.demo.domain import Domain
from console.demo.domains.bank import BANK
from console.demo.domains.clinic import CLINIC
from console.demo.domains.developer import DEVELOPER
from console.demo.domains.garden import GARDEN
from console.demo.domains.insurance import INSURANCE
from console.demo.domains.kitchen import KITCHEN
from console.demo.domains.people import PEOPLE
from console.demo.domains.travel import TRAVEL

DOMAINS: tuple[Domain, ...] = (GARDEN, DEVELOPER, BANK, TRAVEL, PEOPLE, INSURANCE, CLINIC, KITCHEN)
