"""Every code that reading can give, in one place, so that each has words and nothing else is ever shown."""

FILE_ERRORS = frozenset(
    {
        "api_error",
        "column_missing",
        "column_repeated",
        "csv_malformed",
        "file_empty",
        "file_encoding",
        "file_old_workbook",
        "file_too_large",
        "file_too_many_columns",
        "file_too_many_rows",
        "file_unrecognised",
        "json_malformed",
        "json_too_deep",
        "workbook_damaged",
    }
)
"""The file as a whole could not be read."""

ROW_ERRORS = frozenset(
    {
        "control_sign",
        "currency_not_cny",
        "datum_unknown",
        "missing",
        "mode_unknown",
        "moment_without_offset",
        "not_amount",
        "not_coordinate",
        "not_list",
        "not_moment",
        "not_object",
        "not_text",
        "not_time",
        "not_true_or_false",
        "not_whole_number",
        "not_window",
        "number_rounded",
        "order_repeated",
        "order_unrecognised",
        "out_of_range",
        "row_cells",
        "row_repeated",
        "rows_disagree",
        "status_unknown",
        "too_long",
        "too_many_lines",
        "window_incomplete",
        "window_reversed",
    }
)
"""One row or order could not be read."""

SKIPS = frozenset({"order_digital", "order_fulfilled", "order_not_paid", "order_not_ready"})
"""An order that is not to be acted on."""

NEEDS = frozenset(
    {
        "address_change_pending",
        "address_masked",
        "address_missing",
        "aftersale_open",
        "mode_assumed",
        "name_masked",
        "name_missing",
        "no_position",
        "partly_refunded",
        "partly_shipped",
        "payment_authorized",
        "phone_invalid",
        "phone_masked",
        "phone_missing",
        "phone_virtual",
        "sku_missing",
    }
)
"""What reading flags on an accepted order."""

DRAFT_NEEDS = frozenset({"goods_missing", "phone_several", "address_several", "quantity_missing", "window_unclear"})
"""What reading a pasted chat flags besides."""

SERVICE_NEEDS = frozenset({"sku_unknown", "window_default", "window_passed"})
"""What only the store's own data can tell; flagged by the use-case that imports."""
