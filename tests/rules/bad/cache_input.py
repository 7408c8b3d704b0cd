import headrace as hr


@hr.step
def rates(currency: str = "EUR") -> hr.Text:
    return f"rates of {currency}"


@hr.step
def told(name: hr.Text, rates: hr.Text) -> hr.Text:
    return f"{name}: {rates}"


@hr.dag
def bad(name: hr.Text) -> hr.Text:
    return told(name, rates.with_(cache=True)("USD"))
