"""One large number under its name, as the heads of panels show them."""

from PySide6.QtWidgets import QVBoxLayout

from ui.kit.parts import label


class Figure(QVBoxLayout):
    """A number that people read from two metres away."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setSpacing(0)
        self._name = name
        self._number = label("–", "display")
        self.addWidget(label(name, "caption"))
        self.addWidget(self._number)

    def show_value(self, text: str) -> None:
        """Show this number."""
        self._number.setText(text)
        self._number.setAccessibleName(f"{self._name} {text}")

    def value(self) -> str:
        """The number that is shown."""
        return self._number.text()
