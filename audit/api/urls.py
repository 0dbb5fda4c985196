"""The addresses of the API, below `/api/v1/`."""

from rest_framework.routers import SimpleRouter

from audit.api.views import PostingViewSet, ReportViewSet

app_name = "api"

router = SimpleRouter()
router.register("reports", ReportViewSet, basename="report")
router.register("postings", PostingViewSet, basename="posting")
urlpatterns = router.urls
