"""The row that the protected resource reads."""

from django.db import models


class Product(models.Model):
    sku = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    brand = models.CharField(max_length=200)
    attributes = models.JSONField(default=dict)
