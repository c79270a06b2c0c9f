package sandbox

// routes are the calls of Stripe's API that the sandbox knows; every other is an unrecognized URL.
var routes = []route{
	{"GET /v1/account", ownAccount, ""},
	{"POST /v1/accounts", createAccount, "type country email business_type default_currency metadata[*] capabilities[*] controller[*] business_profile[*] tos_acceptance[*] settings[*] company[*] individual[*]"},
	{"GET /v1/accounts", listAccounts, paging + created},
	{"GET /v1/accounts/{id}", getAccount, ""},
	{"POST /v1/accounts/{id}", updateAccount, "email metadata[*] business_profile[*] capabilities[*] settings[*]"},

	{"POST /v1/customers", createCustomer, customerParams},
	{"GET /v1/customers", listCustomers, "email" + paging + created},
	{"GET /v1/customers/{id}", getCustomer, ""},
	{"POST /v1/customers/{id}", updateCustomer, customerParams},
	{"DELETE /v1/customers/{id}", deleteCustomer, ""},
	{"POST /v1/products", createProduct, "id default_price_data[*] " + productParams},
	{"GET /v1/products", listProducts, "active ids[] shippable url" + paging + created},
	{"GET /v1/products/{id}", getProduct, ""},
	{"POST /v1/products/{id}", updateProduct, "default_price " + productParams},
	{"DELETE /v1/products/{id}", deleteProduct, ""},
	{"POST /v1/prices", createPrice, "product product_data[*] currency unit_amount recurring[*] billing_scheme " + priceParams},
	{"GET /v1/prices", listPrices, "active product currency type lookup_keys[]" + paging + created},
	{"GET /v1/prices/{id}", getPrice, ""},
	{"POST /v1/prices/{id}", updatePrice, priceParams},
	{"DELETE /v1/plans/{id}", deletePlan, ""},
	{"GET /v1/disputes", listDisputes, "charge payment_intent" + paging + created},
	{"GET /v1/disputes/{id}", getDispute, ""},
	{"POST /v1/disputes/{id}", updateDispute, "evidence[*] metadata[*] submit"},
	{"POST /v1/disputes/{id}/close", closeDispute, ""},
	{"POST /v1/credit_notes", createCreditNote, creditNoteParams},
	{"GET /v1/credit_notes", listCreditNotes, "customer invoice" + paging + created},
	{"GET /v1/credit_notes/{id}", getCreditNote, ""},
	{"GET /v1/credit_notes/{id}/lines", creditNoteLines, paging},
	{"POST /v1/credit_notes/{id}/void", voidCreditNote, ""},
	{"GET /v1/coupons", listCoupons, paging + created},
	{"POST /v1/coupons", createCoupon, couponParams},
	{"GET /v1/coupons/{id}", getCoupon, ""},
	{"POST /v1/coupons/{id}", updateCoupon, "name metadata[*]"},
	{"DELETE /v1/coupons/{id}", deleteCoupon, ""},
	{"POST /v1/promotion_codes", createPromotion, promotionParams},
	{"GET /v1/promotion_codes", listPromotions, "code active coupon customer" + paging + created},
	{"GET /v1/promotion_codes/{id}", getPromotion, ""},
	{"POST /v1/promotion_codes/{id}", updatePromotion, "active metadata[*]"},
	{"GET /v1/customers/{id}/payment_methods", listCustomerMethods, "type" + paging},

	{"POST /v1/payment_methods", createMethod, "type card[*] billing_details[*] metadata[*]"},
	{"GET /v1/payment_methods", listMethods, "customer type" + paging},
	{"GET /v1/payment_methods/{id}", getMethod, ""},
	{"POST /v1/payment_methods/{id}/attach", attachMethod, "customer"},
	{"POST /v1/payment_methods/{id}/detach", detachMethod, ""},

	{"POST /v1/setup_intents", createSetup, setupParams + " confirm customer usage description metadata[*] payment_method_types[] automatic_payment_methods[*]"},
	{"GET /v1/setup_intents/{id}", getSetup, "client_secret"},
	{"POST /v1/setup_intents/{id}/confirm", confirmSetup, setupParams},
	{"POST /v1/setup_intents/{id}/cancel", cancelSetup, "cancellation_reason"},

	{"POST /v1/payment_intents", createIntent, intentParams + " amount currency customer confirm description metadata[*] payment_method_types[] automatic_payment_methods[*] transfer_data[destination] transfer_data[amount] transfer_group application_fee_amount on_behalf_of statement_descriptor statement_descriptor_suffix"},
	{"GET /v1/payment_intents", listIntents, "customer" + paging + created},
	{"GET /v1/payment_intents/{id}", getIntent, "client_secret"},
	{"POST /v1/payment_intents/{id}/confirm", confirmIntent, intentParams},
	{"POST /v1/payment_intents/{id}/cancel", cancelIntent, "cancellation_reason"},

	{"GET /v1/charges", listCharges, "customer payment_intent transfer_group" + paging + created},
	{"GET /v1/charges/{id}", getCharge, ""},
	{"GET /v1/transfers", listTransfers, "destination transfer_group" + paging + created},
	{"GET /v1/transfers/{id}", getTransfer, ""},

	{"POST /v1/refunds", createRefund, "charge payment_intent amount reason metadata[*] reverse_transfer refund_application_fee"},
	{"GET /v1/refunds", listRefunds, "charge payment_intent" + paging + created},
	{"GET /v1/refunds/{id}", getRefund, ""},

	{"GET /v1/checkout/sessions", listSessions, "payment_intent subscription customer" + paging + created},
	{"GET /v1/checkout/sessions/{id}", getSession, ""},
	{"GET /v1/checkout/sessions/{id}/line_items", sessionItems, paging},
	{"GET /v1/invoices", listInvoices, "customer subscription status collection_method" + paging + created},
	{"GET /v1/invoices/{id}", getInvoice, ""},
	{"GET /v1/invoices/{id}/lines", invoiceLines, paging},
	{"GET /v1/invoice_payments", listInvoicePayments, "payment[type] payment[payment_intent] invoice status" + paging},
	{"GET /v1/subscriptions", listSubscriptions, "customer status price collection_method" + paging + created},
	{"GET /v1/subscriptions/{id}", getSubscription, ""},
	{"POST /v1/subscriptions/{id}", updateSubscription, "cancel_at_period_end cancellation_details[*] trial_end metadata[*]"},
	{"DELETE /v1/subscriptions/{id}", cancelSubscription, "cancellation_details[*] invoice_now prorate"},

	{"GET /v1/events", listEvents, "type types[] delivery_success" + paging + created},
	{"GET /v1/events/{id}", getEvent, ""},
	{"POST /v1/webhook_endpoints", createEndpoint, "url enabled_events[] api_version description metadata[*] connect"},
	{"GET /v1/webhook_endpoints", listEndpoints, paging},
	{"GET /v1/webhook_endpoints/{id}", getEndpoint, ""},
	{"POST /v1/webhook_endpoints/{id}", updateEndpoint, "url enabled_events[] description metadata[*] disabled"},
	{"DELETE /v1/webhook_endpoints/{id}", deleteEndpoint, ""},
}

const (
	customerParams = "name email phone description metadata[*] address[*] shipping[*] payment_method invoice_settings[*] preferred_locales[] tax_exempt"
	setupParams    = "payment_method payment_method_data[*] payment_method_options[*] return_url use_stripe_sdk"
	intentParams   = "payment_method payment_method_data[*] payment_method_options[*] off_session return_url receipt_email setup_future_usage use_stripe_sdk error_on_requires_action"
)
