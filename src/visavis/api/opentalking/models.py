"""`/models` (contract opentalking 1.1): the installed face providers."""

from fastapi import APIRouter

from visavis.api.opentalking import dialect
from visavis.api.opentalking.errors import Route, refusals
from visavis.api.opentalking.schemas import Model, Models
from visavis.api.parts import House

router = APIRouter(route_class=Route, tags=["models"], responses=refusals())


@router.get("/models")
def models(house: House) -> Models:
    """The synthesis models, the default one first, and which of them can be used."""
    default = house.settings.default_model
    missing = house.capabilities.missing("face")
    names = sorted(missing, key=lambda name: (name != default, name != "portrait", name))
    return Models(
        models=names,
        statuses=[_status(name, house.capabilities.backend(name), missing[name]) for name in names],
        default_model=default if default in missing else next(iter(names), None),
    )


def _status(name: str, backend: str, lack: str | None) -> Model:
    connected = lack is None
    return Model(
        id=name,
        backend=backend,
        connected=connected,
        reason=dialect.reason(backend, connected),
        message=lack or "",
    )
