package main

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// Secrets are set and deleted by name, the tenant's where the path has no
// workspace. Their values are never shown again.

func (s *server) setSecret(c *gin.Context) {
	var body struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	if c.ShouldBindJSON(&body) != nil || body.Key == "" || body.Value == "" {
		c.JSON(http.StatusBadRequest, gin.H{"error": "a secret needs a key and a value"})
		return
	}
	id, scope := c.Param("id"), "global"
	if id != "" {
		scope = "workspace"
		if _, err := s.store.get(id); s.failed(c, err) {
			return
		}
	}
	if !s.failed(c, s.store.setSecret(id, body.Key, body.Value)) {
		c.JSON(http.StatusOK, gin.H{"key": body.Key, "scope": scope, "status": "saved"})
	}
}

func (s *server) removeSecret(c *gin.Context) {
	found, err := s.store.removeSecret(c.Param("id"), c.Param("key"))
	switch {
	case s.failed(c, err):
	case !found:
		c.JSON(http.StatusNotFound, gin.H{"error": "secret not found"})
	default:
		c.JSON(http.StatusOK, gin.H{"status": "deleted"})
	}
}

func (s *server) secretNames(c *gin.Context) {
	secrets, err := s.store.secrets("")
	if s.failed(c, err) {
		return
	}
	list := []gin.H{}
	for name := range secrets {
		list = append(list, gin.H{"key": name, "has_value": true, "scope": "global"})
	}
	c.JSON(http.StatusOK, list)
}
