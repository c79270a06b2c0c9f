package sandbox

import "strings"

// SetPageURL says where people reach Page from now on, without a slash at the end: https://portal.example/sandbox. The
// urls that the API gives out from then on begin with it. Without one they lead to where the API was asked.
func (s *Sandbox) SetPageURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pageURL = strings.TrimSuffix(url, "/")
}

// address is that of one of the sandbox's pages.
func (c *call) address(page string) string {
	return or(c.pageURL, "http://"+c.host) + page
}
