"use strict";
// A search box asks for what its form is about now: a flow or a connection that was chosen since
// the page was drawn counts, and so does the dimension that a value stands beside. This takes the
// place of Django's function of the same name, with these three added to what it sends.
{
    const $ = django.jQuery;

    const about = (element) => {
        const found = {};
        for (const name of ["flow", "connection"]) {
            const field = document.getElementById(`id_${name}`);
            if (field) {
                found[name] = field.value;
            }
        }
        if (element.name.endsWith("-value")) {
            const beside = element.name.replace(/value$/, "dimension");
            const field = document.getElementsByName(beside)[0];
            found.dimension = field ? field.value : "";
        }
        return found;
    };

    $.fn.djangoAdminSelect2 = function () {
        $.each(this, (i, element) => {
            $(element).select2({
                ajax: {
                    data: (params) => ({
                        term: params.term,
                        page: params.page,
                        app_label: element.dataset.appLabel,
                        model_name: element.dataset.modelName,
                        field_name: element.dataset.fieldName,
                        ...about(element),
                    }),
                },
            });
        });
        return this;
    };
}
