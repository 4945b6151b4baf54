"""The routes of the toolkit, and one protected resource."""

from django.http import JsonResponse
from django.urls import include, path
from oauth2_provider.views.generic import ScopedProtectedResourceView
from shop.models import Product

SCOPES = ["products:read"]


class ProductView(ScopedProtectedResourceView):
    required_scopes = SCOPES

    def get(self, request, pk):
        found = Product.objects.get(pk=pk)
        return JsonResponse({"id": found.pk, "sku": found.sku, "name": found.name, "attributes": found.attributes})


urlpatterns = [
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("products/<int:pk>", ProductView.as_view()),
]
