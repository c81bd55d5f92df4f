"""Turns a theme into the look of the application: Fusion, a palette, one short style sheet, fonts and icons."""

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import QApplication

from ui.kit import tokens
from ui.kit.icons import IconStore
from ui.kit.stencils import Stencils
from ui.kit.tokens import Theme

_PROPERTY = "storeapp_look"
REGULAR, MEDIUM, BOLD = QFont.Weight.Normal, QFont.Weight.Medium, QFont.Weight.Bold

# No rule may name an item view or QGraphicsView: style-sheet painting makes their scrolling 3-6 times slower.
_SHEET = """
QToolTip {{ background:{raised}; color:{text}; border:1px solid {strong}; padding:4px 6px; }}
#rail {{ background:{rail}; }}  #bar, #panel, #foot, #strip {{ background:{surface}; }}
#bar {{ border-bottom:1px solid {border}; }}  #foot {{ border-top:1px solid {border}; }}
#panel {{ border:1px solid {border}; border-radius:{radius_panel}px; }}
#sunken {{ background:{sunken}; border:1px solid {sunken_edge}; border-radius:{radius_card}px; }}
#popup {{ background:{raised}; border:1px solid {strong}; border-radius:{radius_card}px; }}
#strip {{ border:1px solid {strong}; border-radius:{radius_card}px; }}
QLabel[role="muted"] {{ color:{text3}; }}  QLabel[role="soft"] {{ color:{text2}; }}
QLabel[role="title"] {{ font-size:{px_title}px; font-weight:700; }}  QLabel[role="strong"] {{ font-weight:700; }}
QLabel[role="display"] {{ font-size:{px_display}px; font-weight:700; }}
QLabel[role="caption"] {{ color:{text3}; font-size:{px_caption}px; }}
QLabel[role="error"] {{ color:{danger}; font-size:{px_caption}px; }}
QLabel[role="key"] {{ color:{text2}; background:{sunken}; border:1px solid {key_edge}; border-radius:4px;
  padding:1px 5px; font-size:{px_caption}px; }}
QLabel[chip="accent"] {{ color:{accent}; background:{accent_bg}; }}
QLabel[chip="ok"] {{ color:{ok}; background:{ok_bg}; }}  QLabel[chip="warn"] {{ color:{warn}; background:{warn_bg}; }}
QLabel[chip="danger"] {{ color:{danger}; background:{danger_bg}; }}
QLabel[chip="idle"] {{ color:{text2}; background:{idle_bg}; }}
QLabel[chip="accent"], QLabel[chip="ok"], QLabel[chip="warn"], QLabel[chip="danger"], QLabel[chip="idle"] {{
  border-radius:{radius_chip}px; padding:2px 8px; }}
QPushButton {{ min-height:{control}px; padding:0 12px; border:1px solid {border}; border-radius:{radius_control}px;
  background:{raised}; color:{text}; }}
QPushButton:hover {{ background:{sunken}; }}  QPushButton:pressed {{ background:{idle_bg}; }}
QPushButton:disabled {{ color:{text3}; background:{sunken}; border-color:{border}; }}
QPushButton[primary="true"] {{ background:{accent}; color:{on_accent}; border-color:{accent}; font-weight:700; }}
QPushButton[primary="true"]:disabled {{ background:{idle_bg}; color:{text3}; border-color:{border}; }}
QPushButton:focus {{ border:2px solid {focus}; padding:0 11px; min-height:{control_focus}px; }}
QPushButton[primary="true"]:focus {{ border-color:{text}; }}
QPushButton[desk="true"] {{ min-height:{desk}px; }}
QPushButton[flat="true"] {{ min-height:26px; padding:0 10px; border:1px solid transparent; background:transparent;
  color:{text2}; }}
QPushButton[flat="true"]:hover {{ background:{sunken}; }}
QPushButton[flat="true"]:checked {{ background:{accent_bg}; color:{accent}; font-weight:700; }}
QPushButton[flat="true"]:focus {{ border:2px solid {focus}; padding:0 9px; min-height:24px; }}
QLineEdit, QPlainTextEdit, QSpinBox, QDoubleSpinBox, QComboBox, QDateTimeEdit {{ padding:0 10px;
  border:1px solid {strong}; border-radius:{radius_control}px; background:{surface}; color:{text}; }}
QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QDateTimeEdit {{ min-height:{control}px; }}
QLineEdit[desk="true"] {{ min-height:{desk}px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width:0; border:none; }}
QSpinBox QLineEdit, QDoubleSpinBox QLineEdit, QDateTimeEdit QLineEdit {{ border:none; padding:0 10px; min-height:0;
  background:transparent; }}
QComboBox::drop-down {{ border:none; width:28px; }}  QComboBox::down-arrow {{ image:none; }}
QPlainTextEdit {{ padding:6px 8px; }}
QLineEdit:focus, QPlainTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QDateTimeEdit:focus {{
  border:2px solid {focus}; padding:0 9px; }}
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QDateTimeEdit:focus {{
  min-height:{control_focus}px; }}
QPlainTextEdit:focus {{ padding:5px 7px; }}
QLineEdit[bad="true"], QPlainTextEdit[bad="true"], QSpinBox[bad="true"], QDoubleSpinBox[bad="true"],
QComboBox[bad="true"] {{
  border-color:{danger}; }}
#railButton {{ border:2px solid transparent; border-radius:{radius_card}px; background:transparent;
  color:{rail_text}; font-size:{px_caption}px; padding:2px 0; }}
#railButton:hover {{ color:{rail_on}; }}  #railButton:checked {{ background:{rail_sel}; color:{rail_on}; }}
#railButton:focus {{ border-color:{rail_on}; }}
QProgressBar {{ border:none; border-radius:3px; background:{idle_bg}; max-height:6px; }}
QProgressBar::chunk {{ border-radius:3px; background:{accent}; }}
QScrollBar:vertical {{ width:10px; background:transparent; margin:0; }}
QScrollBar:horizontal {{ height:10px; background:transparent; margin:0; }}
QScrollBar::handle {{ background:{strong}; border-radius:3px; margin:1px 2px; }}
QScrollBar::handle:vertical {{ min-height:32px; margin:1px 2px; }}
QScrollBar::handle:horizontal {{ min-width:32px; margin:2px 1px; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
  width:0; height:0; background:none; }}
"""

_ROLES = (
    (QPalette.ColorRole.Window, "bg"),
    (QPalette.ColorRole.Base, "surface"),
    (QPalette.ColorRole.AlternateBase, "sunken"),
    (QPalette.ColorRole.Text, "text"),
    (QPalette.ColorRole.WindowText, "text"),
    (QPalette.ColorRole.Button, "raised"),
    (QPalette.ColorRole.ButtonText, "text"),
    (QPalette.ColorRole.Highlight, "accent"),
    (QPalette.ColorRole.HighlightedText, "on_accent"),
    (QPalette.ColorRole.PlaceholderText, "text3"),
    (QPalette.ColorRole.ToolTipBase, "raised"),
    (QPalette.ColorRole.ToolTipText, "text"),
    (QPalette.ColorRole.Link, "accent"),
    (QPalette.ColorRole.Accent, "accent"),
)
_GREYED = (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText)


class Look(QObject):
    """The theme in use with everything painters ask for; one hangs on the application (see ``look``)."""

    changed = Signal()
    """The theme changed: painted widgets repaint."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._icons = IconStore()
        self._colours: dict[tuple[str, int], QColor] = {}
        self._fonts: dict[tuple[int, QFont.Weight, bool], QFont] = {}
        self._metrics: dict[tuple[int, QFont.Weight, bool], QFontMetrics] = {}
        self.stencils = Stencils(self.colour, self._tabular)

    def use(self, theme: Theme) -> None:
        """Switch to another theme."""
        self.theme = theme
        self._colours.clear()
        self.stencils.forget()
        self.changed.emit()

    def colour(self, token: str, alpha: int = 255) -> QColor:
        """The colour of a token; callers must not change the returned object."""
        found = self._colours.get((token, alpha))
        if found is None:
            found = QColor(self.theme.colours[token])
            found.setAlpha(alpha)
            self._colours[token, alpha] = found
        return found

    def font(self, px: int = tokens.PX_BODY, weight: QFont.Weight = REGULAR, *, tabular: bool = False) -> QFont:
        """A font of the product's families; ``tabular`` gives all digits one width, for times and codes."""
        key = (px, weight, tabular)
        found = self._fonts.get(key)
        if found is None:
            found = self._fonts[key] = make_font(px, weight, tabular=tabular)
        return found

    def metrics(
        self, px: int = tokens.PX_BODY, weight: QFont.Weight = REGULAR, *, tabular: bool = False
    ) -> QFontMetrics:
        """Measures of ``font`` with the same arguments."""
        key = (px, weight, tabular)
        found = self._metrics.get(key)
        if found is None:
            found = self._metrics[key] = QFontMetrics(self.font(px, weight, tabular=tabular))
        return found

    def _tabular(self, px: int, weight: QFont.Weight) -> tuple[QFont, QFontMetrics]:
        return self.font(px, weight, tabular=True), self.metrics(px, weight, tabular=True)

    def pixmap(self, name: str, token: str, size: int, *, dpr: float = 1.0, stroke: float = 2.0) -> QPixmap:
        """An icon in a token's colour."""
        return self._icons.pixmap(name, self.theme.colours[token], size, dpr=dpr, stroke=stroke)

    def icon(self, name: str, ink: str = "text2", size: int = 16) -> QIcon:
        """An icon in a token's colour for buttons and menus."""
        colours = self.theme.colours
        return self._icons.icon(name, colours[ink], size, disabled=colours["text3"])


def make_font(px: int, weight: QFont.Weight = REGULAR, *, tabular: bool = False) -> QFont:
    """A font of the product's families, ``px`` device-independent pixels high."""
    made = QFont()
    made.setFamilies(list(tokens.FONT_FAMILIES))
    made.setPixelSize(px)
    made.setWeight(weight)
    if tabular:
        made.setFeature(QFont.Tag("tnum"), 1)
    return made


def palette_of(theme: Theme) -> QPalette:
    """The palette that Fusion paints standard widgets with."""
    palette = QPalette()
    for role, token in _ROLES:
        palette.setColor(role, QColor(theme.colours[token]))
    for role in _GREYED:
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.colours["text3"]))
    return palette


def sheet_of(theme: Theme) -> str:
    """The style sheet with the theme's colours and the shared sizes filled in."""
    solid = theme.name == "contrast"
    colours = dict(theme.colours)
    return _SHEET.format(
        **colours,
        sunken_edge=colours["border" if solid else "sunken"],
        key_edge=colours["border"],
        radius_chip=tokens.RADIUS_CHIP,
        radius_control=tokens.RADIUS_CONTROL,
        radius_card=tokens.RADIUS_CARD,
        radius_panel=tokens.RADIUS_PANEL,
        px_caption=tokens.PX_CAPTION,
        px_title=tokens.PX_TITLE,
        px_display=tokens.PX_DISPLAY,
        control=tokens.CONTROL_PX - 2,
        control_focus=tokens.CONTROL_PX - 4,
        desk=tokens.DESK_CONTROL_PX - 2,
    )


def apply(app: QApplication, theme: Theme) -> Look:
    """Give the whole application this theme, at start or while it runs."""
    current = app.property(_PROPERTY)
    if not isinstance(current, Look):
        current = Look(theme, app)
        app.setProperty(_PROPERTY, current)
        app.setStyle("Fusion")
    app.styleHints().setColorScheme(Qt.ColorScheme.Dark if theme.dark else Qt.ColorScheme.Light)
    app.setFont(make_font(tokens.PX_BODY))
    app.setPalette(palette_of(theme))
    app.setStyleSheet(sheet_of(theme))
    current.use(theme)
    return current


def theme_of(app: QApplication, name: str) -> str:
    """The name of a theme that exists: the system's choice where ``name`` leaves it to the system."""
    if name in tokens.THEME_NAMES:
        return name
    return "dark" if app.styleHints().colorScheme() is Qt.ColorScheme.Dark else "light"


def look() -> Look:
    """The look of the running application.

    Raises:
        RuntimeError: ``apply`` was not called yet.
    """
    app = QApplication.instance()
    found = app.property(_PROPERTY) if app else None
    if isinstance(found, Look):
        return found
    raise RuntimeError("no theme was applied")
