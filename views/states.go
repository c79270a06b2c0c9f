package views

import "strings"

// Tone is which of the five colours of state a piece takes.
type Tone string

// The tones (LOOK.md). A tone never stands alone: a word and an icon go with it.
const (
	Good    Tone = "tone-success"
	Careful Tone = "tone-warning"
	Bad     Tone = "tone-error"
	Telling Tone = "tone-info"
	Plain   Tone = "tone-neutral"
)

// State is how one state of a noun is shown.
type State struct {
	Word string
	Icon string
	Tone Tone
}

// states holds every state of CONTRACT.md 5 in words that a stranger understands, by noun.
var states = map[string]map[string]State{
	"payment": {
		"paid":               {"Paid", "circle-check", Good},
		"partially_refunded": {"Partly refunded", "undo-2", Careful},
		"refunded":           {"Refunded", "undo-2", Plain},
		"disputed":           {"Disputed by the customer", "shield-alert", Bad},
		"unattributed":       {"No partner found", "circle-help", Careful},
	},
	"commission": {
		"waiting":  {"Waiting for an exchange rate", "clock", Careful},
		"held":     {"Held, refund window", "clock", Telling},
		"due":      {"Ready to be invoiced", "hand-coins", Telling},
		"invoiced": {"On an invoice", "file-text", Telling},
		"paid":     {"Paid out", "circle-check", Good},
		"reversed": {"Taken back", "undo-2", Plain},
	},
	"payout_account": { // on which a partner is paid
		"able":     {"Can be paid", "circle-check", Good},
		"papers":   {"Can be paid, Stripe asks for more", "triangle-alert", Careful},
		"asked":    {"Stripe asks for more", "triangle-alert", Careful},
		"checking": {"Stripe is checking", "clock", Telling},
		"stopped":  {"Stopped by Stripe", "circle-alert", Bad},
		"rejected": {"Rejected by Stripe", "circle-x", Bad},
		"gone":     {"Closed at Stripe", "ban", Plain},
		"opening":  {"Being opened", "clock", Telling},
		"unread":   {"Connected", "circle-help", Plain},
	},
	"invoice": {
		"review":             {"Waiting for your approval", "eye", Careful},
		"first":              {"Needs a second approval", "users", Careful}, // approved by one of two people
		"shrunk":             {"Smaller, approve again", "undo-2", Careful}, // in review again, because something was taken back
		"again":              {"Approve it again", "rotate-ccw", Careful},   // in review again for another reason
		"changed":            {"Changed, approve again", "undo-2", Careful}, // approved, but not as it stands: what an approval vouches for has changed
		"approved":           {"Approved, ready to pay", "check", Telling},
		"processing":         {"Payment under way", "clock", Telling},
		"needs_confirmation": {"Needs the card holder to confirm", "key-round", Careful},
		"charged":            {"Card charged, on its way to the partner", "arrow-right", Telling},
		"paid":               {"Paid", "circle-check", Good},
		"failed":             {"Payment failed", "circle-x", Bad},
		"refunded":           {"Payment came back", "undo-2", Careful},
		"void":               {"Void", "ban", Plain},
	},
	"partner_invoice": { // an invoice as the partner sees it
		"review":             {"Being checked by the company", "eye", Telling},
		"approved":           {"Approved, payment to come", "check", Telling},
		"processing":         {"Payment under way", "clock", Telling},
		"needs_confirmation": {"Payment under way", "clock", Telling},
		"charged":            {"On its way to you", "arrow-right", Telling},
		"paid":               {"Paid to you", "circle-check", Good},
		"failed":             {"Payment to be tried again", "clock", Careful},
		"refunded":           {"Payment returned", "undo-2", Careful},
		"void":               {"Withdrawn", "ban", Plain},
	},
	"run": { // the drawing up of invoices
		"running": {"Under way", "clock", Telling},
		"done":    {"Done", "circle-check", Good},
	},
	"contest": {
		"open":     {"Waits for an answer", "circle-help", Careful},
		"answered": {"Answered", "circle-check", Good},
	},
	"adjustment": {
		"bonus":     {"Bonus", "plus", Good},
		"deduction": {"Deduction", "minus", Careful},
		"write_off": {"Debt written off", "circle-minus", Plain},
		"returned":  {"Payment came back", "undo-2", Careful},
	},
	"write_off": {
		"asked":    {"Waits for another person", "clock", Careful},
		"approved": {"Written off", "check", Good},
		"refused":  {"Refused", "x", Plain},
	},
	"bank_file": {
		"open":      {"To be settled", "clock", Careful},
		"settled":   {"Settled", "circle-check", Good},
		"cancelled": {"Cancelled", "ban", Plain},
	},
	"bank_line": {
		"open": {"To be settled", "clock", Plain},
		"paid": {"Marked as paid", "circle-check", Good},
		"left": {"Left as it was", "triangle-alert", Careful},
	},
	"mail": {
		"queued":  {"Waiting to be sent", "clock", Plain},
		"sending": {"Being sent", "clock", Plain},
		"sent":    {"Sent", "circle-check", Good},
		"failed":  {"Could not be sent", "circle-x", Bad},
		"kept":    {"Kept here", "inbox", Plain},
	},
	"finding": {
		"failed":  {"Does not work", "circle-x", Bad},
		"warning": {"Look at it", "triangle-alert", Careful},
		"ok":      {"Well", "circle-check", Good},
		"skipped": {"Not looked at", "minus", Plain},
	},
	"event": {
		"pending": {"Waiting to be read", "clock", Careful},
		"done":    {"Counted", "circle-check", Good},
		"ignored": {"Says nothing about money", "minus", Plain},
		"failed":  {"Could not be read", "circle-x", Bad},
	},
	"partner": {
		"pending": {"Waiting for your approval", "eye", Careful},
		"active":  {"Active", "circle-check", Good},
		"paused":  {"Paused, earns nothing", "pause", Careful},
		"banned":  {"Banned", "ban", Bad},
	},
	"connection": {
		"connected":     {"Connected", "circle-check", Good},
		"gaps":          {"Connected, with gaps", "triangle-alert", Careful},
		"silent":        {"No events come in", "circle-alert", Bad}, // no secret proves them
		"broken":        {"Broken", "circle-x", Bad},
		"not_connected": {"Not connected", "circle-minus", Plain},
	},
	"link_file": {
		"checking": {"Being checked", "clock", Telling},
		"checked":  {"Checked, nothing linked yet", "eye", Careful},
		"linking":  {"Linking", "clock", Telling},
		"done":     {"Done", "circle-check", Good},
	},
	"code": {
		"active":   {"Active", "circle-check", Good},
		"inactive": {"Inactive in Stripe", "ban", Careful},
	},
	"product": { // at the provider, beside a rule
		"unknown":  {"Not known in Stripe", "circle-help", Careful},
		"gone":     {"Deleted in Stripe", "ban", Careful},
		"inactive": {"Not sold any more", "pause", Plain},
	},
	"sync": {
		"running":   {"Under way", "clock", Telling},
		"paused":    {"Paused", "pause", Careful},
		"done":      {"Done", "circle-check", Good},
		"failed":    {"Stopped", "circle-x", Bad},
		"cancelled": {"Cancelled", "ban", Plain},
	},
	"link_row": {
		"link":        {"Will be linked", "link", Telling},
		"replace":     {"Will be linked anew", "link", Careful},
		"linked":      {"Linked", "circle-check", Good},
		"replaced":    {"Linked anew", "circle-check", Good},
		"already":     {"Linked already", "check", Plain},
		"other":       {"Another partner's", "minus", Careful},
		"duplicate":   {"Repeats a row", "minus", Plain},
		"contradicts": {"Contradicts a row", "triangle-alert", Careful},
		"no_customer": {"No such customer", "circle-help", Careful},
		"no_partner":  {"No such partner", "circle-help", Careful},
		"inactive":    {"Partner not active", "pause", Careful},
		"malformed":   {"Cannot be read", "circle-x", Bad},
	},
	"import": {
		"listing":   {"Being listed", "clock", Telling},
		"waits":     {"Waits for Stripe", "clock", Careful},
		"paused":    {"Paused", "pause", Careful},
		"listed":    {"Listed, nothing counted yet", "eye", Careful},
		"entering":  {"Being brought in", "clock", Telling},
		"done":      {"Done", "circle-check", Good},
		"cancelled": {"Cancelled", "ban", Plain},
	},
	"reconciliation": {
		"running": {"Under way", "clock", Telling},
		"clean":   {"All is here", "circle-check", Good},
		"differs": {"Something differs", "circle-alert", Bad},
		"waits":   {"Could not be made", "triangle-alert", Careful},
	},
	"difference": {
		"healed": {"Healed", "circle-check", Good},
		"open":   {"Differs still", "circle-alert", Bad},
	},
	"day": {
		"equal":   {"Equal", "check", Plain},
		"healed":  {"Healed", "circle-check", Good},
		"differs": {"Differs", "circle-alert", Bad},
	},
	"backfill": {
		"stands": {"Done", "circle-check", Good},
		"undone": {"Undone", "undo-2", Plain},
	},
	"verdict": { // of one step of a decision (models.Step)
		"matched":  {"Yes", "check", Good},
		"no_match": {"No", "minus", Plain},
		"skipped":  {"Not asked", "ellipsis", Plain},
		"refused":  {"Refused", "x", Bad},
		"computed": {"Computed", "percent", Telling},
		"flagged":  {"Flagged", "circle-alert", Careful},
	},
}

// StateOf finds how a noun's state is shown. An unknown one keeps its own name, in neutral.
func StateOf[S ~string](noun string, state S) State {
	if s, ok := states[noun][string(state)]; ok {
		return s
	}
	word := strings.ReplaceAll(string(state), "_", " ")
	if word != "" {
		word = strings.ToUpper(word[:1]) + word[1:]
	}
	return State{word, "circle-dot", Plain}
}
