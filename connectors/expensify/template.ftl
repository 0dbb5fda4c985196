<#function s v=""><#if v?is_number || v?is_boolean><#return '"' + v?c + '"'></#if><#if v?is_date_like><#return '"' + v?string("yyyy-MM-dd HH:mm:ss") + '"'></#if><#if v?is_string><#return '"' + v?json_string + '"'></#if><#return "null"></#function>
<#function i v=""><#if v?is_number><#return v?c></#if><#if v?is_string && v?matches("-?[0-9]+([.][0-9]+)?")><#return v?number?c></#if><#if v?is_string && v?trim?has_content><#return '"' + v?json_string + '"'></#if><#return "null"></#function>
<#function b v=""><#if v?is_boolean><#return v?c></#if><#if v?is_string && (v == "true" || v == "false")><#return v></#if><#if v?is_string && v?trim?has_content><#return '"' + v?json_string + '"'></#if><#return "null"></#function>
<#function h v={}><#if v?is_hash><#return v></#if><#return {}></#function>
<#function q v=[]><#if v?is_enumerable><#return v></#if><#return []></#function>
<#assign n = 0><#assign m = 0>
<#list reports as r>
<#assign n = n + 1>
{"_type":"report","_schema":1,<#t>
"reportID":${s(r.reportID!"")},"oldReportID":${s(r.oldReportID!"")},"reportName":${s(r.reportName!"")},<#t>
"status":${s(r.status!"")},"state":${s(r.state!"")},"stateNum":${i(r.stateNum!"")},"statusNum":${i(r.statusNum!"")},<#t>
"policyID":${s(r.policyID!"")},"policyName":${s(r.policyName!"")},"currency":${s(r.currency!"")},"total":${i(r.total!"")},<#t>
"created":${s(r.created!"")},"submitted":${s(r.submitted!"")},"approved":${s(r.approved!"")},"reimbursed":${s(r.reimbursed!"")},<#t>
"entryID":${s(r.entryID!"")},"isACHReimbursed":${b(r.isACHReimbursed!"")},<#t>
"accountEmail":${s(r.accountEmail!"")},"accountID":${s(r.accountID!"")},<#t>
"submitterUserID":${s(r.submitterUserID!"")},"submitterPayrollID":${s(r.submitterPayrollID!"")},<#t>
"employeeCustomField1":${s(r.employeeCustomField1!"")},"employeeCustomField2":${s(r.employeeCustomField2!"")},<#t>
<#assign o = h(r.submitter!{})><#t>
"submitter":{"firstName":${s(o.firstName!"")},"lastName":${s(o.lastName!"")},"fullName":${s(o.fullName!"")}},<#t>
<#assign o = h(r.manager!{})><#t>
"manager":{"email":${s(r.managerEmail!"")},"userID":${s(r.managerUserID!"")},"payrollID":${s(r.managerPayrollID!"")},"fullName":${s(o.fullName!"")}},<#t>
"customField":<#if r.customField?? && r.customField?is_hash_ex>{<#list r.customField?keys as k><#if k?index gt 0>,</#if>${s(k)}:${s(r.customField[k]!"")}</#list>}<#elseif (r.customField!"")?has_content>null<#else>{}</#if>,<#t>
"approvers":[<#t>
<#list q(r.approvers![]) as a><#if a?index gt 0>,</#if>{"email":${s(a.email!"")},"date":${s(a.date!"")},"fullName":${s(a.fullName!"")},"employeeUserID":${s(a.employeeUserID!"")},"employeePayrollID":${s(a.employeePayrollID!"")}}</#list><#t>
],"actions":[<#t>
<#list q(r.actionList![]) as a><#if a?index gt 0>,</#if><#assign o = h(a.details!{})>{"action":${s(a.action!"")},"accountEmail":${s(a.accountEmail!"")},"created":${s(a.created!"")},"message":${s(o.message!"")}}</#list><#t>
],"expenses":[<#t>
<#list q(r.transactionList![]) as e><#if e?index gt 0>,</#if><#assign m = m + 1><#t>
{"transactionID":${s(e.transactionID!"")},"reportID":${s(e.reportID!"")},"type":${s(e.type!"")},<#t>
"amount":${i(e.amount!"")},"modifiedAmount":${i(e.modifiedAmount!"")},"convertedAmount":${i(e.convertedAmount!"")},<#t>
"currency":${s(e.currency!"")},"currencyConversionRate":${s(e.currencyConversionRate!"")},<#t>
"created":${s(e.created!"")},"modifiedCreated":${s(e.modifiedCreated!"")},"inserted":${s(e.inserted!"")},"posted":${s(e.posted!"")},<#t>
"merchant":${s(e.merchant!"")},"modifiedMerchant":${s(e.modifiedMerchant!"")},"comment":${s(e.comment!"")},<#t>
"mcc":${s(e.mcc!"")},"modifiedMCC":${s(e.modifiedMCC!"")},"externalID":${s(e.externalID!"")},<#t>
"category":${s(e.category!"")},"categoryGlCode":${s(e.categoryGlCode!"")},"categoryPayrollCode":${s(e.categoryPayrollCode!"")},<#t>
"tag":${s(e.tag!"")},"tagGlCode":${s(e.tagGlCode!"")},"ntags":[<#t>
<#assign first = true><#list 1..10 as x><#assign tv = e["ntag" + x]!""><#if tv?has_content><#if !first>,</#if><#assign first = false>{"level":${x?c},"name":${s(tv)},"glCode":${s(e["ntag" + x + "GlCode"]!"")}}</#if></#list><#t>
],"reimbursable":${b(e.reimbursable!"")},"billable":${b(e.billable!"")},<#t>
"hasTax":${b(e.hasTax!"")},"taxAmount":${i(e.taxAmount!"")},"modifiedTaxAmount":${i(e.modifiedTaxAmount!"")},<#t>
"taxName":${s(e.taxName!"")},"taxRateName":${s(e.taxRateName!"")},"taxRate":${s(e.taxRate!"")},"taxCode":${s(e.taxCode!"")},<#t>
"bank":${s(e.bank!"")},"cardID":${s(e.cardID!"")},"cardName":${s(e.cardName!"")},"cardNumber":${s(e.cardNumber!"")},<#t>
<#assign o = h(e.units!{})><#t>
"isDistance":${b(e.isDistance!"")},"units":<#if o?has_content>{"count":${s(o.count!"")},"rate":${s(o.rate!"")},"unit":${s(o.unit!"")},"name":${s(o.name!"")}}<#else>null</#if>,<#t>
"attendees":[<#t>
<#list q(e.attendees![]) as a><#if a?index gt 0>,</#if>{"email":${s(a.email!"")},"displayName":${s(a.displayName!"")}}</#list><#t>
<#assign o = h(e.receiptObject!{})><#t>
],"receipt":<#if o?has_content || (e.receiptID!"")?has_content>{"receiptID":${s(e.receiptID!"")},"filename":${s(e.receiptFilename!"")},"type":${s(o.type!"")},"url":${s(o.url!"")}}<#else>null</#if>}<#t>
</#list><#t>
]}<#lt>
</#list>
{"_type":"end","reports":${n?c},"expenses":${m?c}}<#lt>
