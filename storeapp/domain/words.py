"""The closed vocabularies of the glossary, so that code, tables, wire and screens use one word each."""

from enum import StrEnum


class Platform(StrEnum):
    """Where an order was sold."""

    WEIXIN_SHOP = "weixin_shop"
    SHOPIFY = "shopify"
    WOOCOMMERCE = "woocommerce"
    TABLE = "table"
    COUNTER = "counter"
    """Typed or pasted by staff."""


class Mode(StrEnum):
    """What was promised to the customer."""

    INSTANT = "instant"
    SCHEDULED = "scheduled"
    PICKUP_POINT = "pickup_point"


class TravelMode(StrEnum):
    """How a guide moves."""

    WALK = "walk"
    EBIKE = "ebike"
    METRO = "metro"
    CAR = "car"


class Role(StrEnum):
    """What a person who signed in at the counter may do."""

    STAFF = "staff"
    MANAGER = "manager"
