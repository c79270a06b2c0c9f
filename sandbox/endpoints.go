package sandbox

import (
	"net/url"
	"regexp"
	"strings"
)

var eventName = regexp.MustCompile(`^([a-z0-9_]+(\.[a-z0-9_]+)+|\*)$`)

// createEndpoint is the only call that tells the secret.
func createEndpoint(c *call) (object, error) {
	if len(c.a.all("webhook_endpoint")) >= 16 {
		return nil, invalid("", "", "You have reached the maximum of 16 webhook endpoints.")
	}
	if c.form.get("url") == "" {
		return nil, required("url")
	}
	if len(c.form.list("enabled_events")) == 0 {
		return nil, required("enabled_events")
	}
	connect, err := c.form.flag("connect")
	if err != nil {
		return nil, err
	}
	w := c.make("we_1", "webhook_endpoint", object{"metadata": c.form.metadata(nil), "_connect": connect,
		"description": null(c.form.get("description")), "api_version": null(c.form.get("api_version"))})
	w["_secret"] = "whsec_" + letters("secret "+c.a.ID+w.str("id"), 32)
	if err := c.fillEndpoint(w); err != nil {
		return nil, err
	}
	c.put(w)
	out, err := c.show(w)
	if err == nil {
		out["secret"] = w["_secret"]
	}
	return out, err
}

func (c *call) fillEndpoint(w object) error {
	if c.form.has("url") {
		u, err := url.Parse(c.form.get("url"))
		if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || c.a.isLive()) {
			return invalid("url_invalid", "url", "Invalid URL: An explicit scheme (such as https) must be provided.")
		}
		w["url"] = c.form.get("url")
	}
	names := c.form.list("enabled_events")
	for _, name := range names {
		if !eventName.MatchString(name) {
			return invalid("", "enabled_events", "Invalid enabled_events: %s", strings.TrimSpace(name))
		}
	}
	if len(names) > 0 {
		w["enabled_events"] = names
	}
	return nil
}

func getEndpoint(c *call) (object, error) {
	w, err := c.need("webhook_endpoint", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.show(w)
}

func listEndpoints(c *call) (object, error) {
	return c.search(query{url: "/v1/webhook_endpoints", kind: "webhook_endpoint"})
}

func updateEndpoint(c *call) (object, error) {
	w, err := c.need("webhook_endpoint", c.path("id"))
	if err != nil {
		return nil, err
	}
	if err := c.fillEndpoint(w); err != nil {
		return nil, err
	}
	off, err := c.form.flag("disabled")
	if err != nil {
		return nil, err
	}
	if c.form.has("disabled") {
		w["status"] = map[bool]string{true: "disabled", false: "enabled"}[off]
	}
	if c.form.has("description") {
		w["description"] = null(c.form.get("description"))
	}
	w["metadata"] = c.form.metadata(w.sub("metadata"))
	c.put(w)
	return c.show(w)
}

func deleteEndpoint(c *call) (object, error) {
	w, err := c.need("webhook_endpoint", c.path("id"))
	if err != nil {
		return nil, err
	}
	w["_deleted"] = true
	c.put(w)
	return object{"id": w["id"], "object": "webhook_endpoint", "deleted": true}, nil
}
