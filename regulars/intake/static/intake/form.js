/* In the frame of a shop's page: asks the page who its visitor is. Only the script of the shop
   answers, with nobody when the visitor did not agree; asked again when the form is used, for
   visitors agree, or change their mind, after the page was loaded. */
(function () {
  "use strict";
  var field = document.getElementById("f-visitor");
  if (!field || window.parent === window) { return; }
  function ask() { window.parent.postMessage({ regulars: "form" }, "*"); }
  window.addEventListener("message", function (event) {
    var told = event.data;
    if (event.source === window.parent && told && typeof told.visitor === "string") {
      field.value = told.visitor;
    }
  });
  document.addEventListener("focusin", ask);
  ask();
})();
