//! A tree as the measurements write it: `[type, start, end, {facts}, child…]`, offsets in UTF-16 units.

use serde_json::{Map, Value, json};
use winrm_script::tree::*;

/// Dumps `tree`, the tree of `text`.
pub(crate) fn dump(text: &str, tree: &ScriptBlock) -> Value {
    let mut units = vec![0; text.len() + 1];
    let mut unit = 0;
    for (at, character) in text.char_indices() {
        units[at] = unit;
        unit += character.len_utf16();
    }
    units[text.len()] = unit;
    Dump { text, units }.script(tree)
}

struct Dump<'text> {
    text: &'text str,
    units: Vec<usize>,
}

type Facts<'a> = &'a [(&'a str, Value)];

impl Dump<'_> {
    fn node(&self, kind: &str, span: Span, facts: Facts<'_>, mut children: Vec<Value>) -> Value {
        let facts: Map<String, Value> = facts
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(k, v)| ((*k).to_owned(), v.clone()))
            .collect();
        let mut node =
            vec![json!(kind), json!(self.units[span.start]), json!(self.units[span.end]), facts.into()];
        node.append(&mut children);
        node.into()
    }

    fn script(&self, script: &ScriptBlock) -> Value {
        let mut children = Vec::new();
        for block in &script.blocks {
            let name = match block.name {
                BlockName::Unnamed => Value::Null,
                BlockName::Begin => json!("Begin"),
                BlockName::Process => json!("Process"),
                BlockName::End => json!("End"),
            };
            children.push(self.node(
                "NamedBlock",
                block.span,
                &[("block", name)],
                self.statements(&block.statements),
            ));
        }
        if let Some(block) = &script.parameters {
            let mut inside: Vec<Value> = block.attributes.iter().map(|own| self.attribute(own)).collect();
            inside.extend(self.parameters(&block.parameters));
            let node = self.node("ParamBlock", block.span, &[], inside);
            // The measurements sort by start, and put what is longer first.
            let wider = script.blocks.first().is_some_and(|first| {
                first.span.start < block.span.start
                    || (first.span.start == block.span.start && first.span.end > block.span.end)
            });
            children.insert(usize::from(wider), node);
        }
        self.node("ScriptBlock", script.span, &[], children)
    }

    fn parameters(&self, parameters: &[ParameterDefinition]) -> Vec<Value> {
        let one = |parameter: &ParameterDefinition| {
            let types = parameter.types.iter().map(|name| (name.span.start, self.constraint(name)));
            let attributes = parameter.attributes.iter().map(|own| (own.span.start, self.attribute(own)));
            let mut annotations: Vec<(usize, Value)> = types.chain(attributes).collect();
            annotations.sort_by_key(|(start, _)| *start);
            let mut children: Vec<Value> = annotations.into_iter().map(|(_, node)| node).collect();
            children.push(self.variable(parameter.variable_span, &parameter.variable));
            children.extend(parameter.default.iter().map(|default| self.expression(default)));
            self.node("Parameter", parameter.span, &[], children)
        };
        parameters.iter().map(one).collect()
    }

    fn attribute(&self, attribute: &Attribute) -> Value {
        let argument = |argument: &AttributeArgument| match argument {
            AttributeArgument::Positional(value) => self.expression(value),
            AttributeArgument::Named { span, name, value } => {
                let value = match value {
                    Some(value) => self.expression(value),
                    // PowerShell puts a constant where the name stands.
                    None => self.node("ConstantExpression", *span, &[], vec![]),
                };
                self.node("NamedAttributeArgument", *span, &[("name", json!(name))], vec![value])
            }
        };
        let arguments = attribute.arguments.iter().map(argument).collect();
        self.node("Attribute", attribute.span, &[("type", json!(attribute.name))], arguments)
    }

    fn constraint(&self, name: &TypeName) -> Value {
        self.node("TypeConstraint", name.span, &[("type", json!(name.name))], vec![])
    }

    fn statements(&self, statements: &[Statement]) -> Vec<Value> {
        statements.iter().map(|statement| self.statement(statement)).collect()
    }

    fn block(&self, block: &StatementBlock) -> Value {
        self.node("StatementBlock", block.span, &[], self.statements(&block.statements))
    }

    fn statement(&self, statement: &Statement) -> Value {
        let span = statement.span;
        let optional =
            |value: &Option<Box<Statement>>| value.iter().map(|value| self.statement(value)).collect();
        let label =
            |value: &Option<Box<Expression>>| value.iter().map(|value| self.expression(value)).collect();
        match &statement.kind {
            StatementKind::Pipeline(pipeline) => {
                let elements = pipeline.elements.iter().map(|element| self.element(element)).collect();
                self.node("Pipeline", span, &[], elements)
            }
            StatementKind::Assignment(assignment) => {
                let operator = match assignment.operator {
                    AssignmentOperator::Assign => "Equals",
                    AssignmentOperator::Add => "PlusEquals",
                    AssignmentOperator::Subtract => "MinusEquals",
                    AssignmentOperator::Multiply => "MultiplyEquals",
                    AssignmentOperator::Divide => "DivideEquals",
                    AssignmentOperator::Remainder => "RemainderEquals",
                };
                let value = match &assignment.value.kind {
                    StatementKind::Pipeline(Pipeline { elements })
                        if elements.len() == 1
                            && matches!(elements[0].kind, PipelineElementKind::Expression(_)) =>
                    {
                        self.element(&elements[0])
                    }
                    _ => self.statement(&assignment.value),
                };
                let children = vec![self.expression(&assignment.target), value];
                self.node("AssignmentStatement", span, &[("operator", json!(operator))], children)
            }
            StatementKind::If(conditional) => {
                let mut children = Vec::new();
                for clause in &conditional.clauses {
                    children.push(self.statement(&clause.condition));
                    children.push(self.block(&clause.body));
                }
                children.extend(conditional.otherwise.iter().map(|block| self.block(block)));
                self.node("IfStatement", span, &[], children)
            }
            StatementKind::Switch(switch) => {
                let mut children = vec![self.statement(&switch.condition)];
                for (value, body) in &switch.clauses {
                    children.push(self.expression(value));
                    children.push(self.block(body));
                }
                children.extend(switch.default.iter().map(|block| self.block(block)));
                self.node("SwitchStatement", span, &[], children)
            }
            StatementKind::ForEach(each) => {
                let variable = self.variable(each.variable_span, &each.variable);
                let children = vec![variable, self.statement(&each.values), self.block(&each.body)];
                self.node("ForEachStatement", span, &[], children)
            }
            StatementKind::For(turns) => {
                let parts = [&turns.initializer, &turns.condition, &turns.iterator];
                let mut children: Vec<Value> =
                    parts.into_iter().flatten().map(|part| self.statement(part)).collect();
                children.push(self.block(&turns.body));
                self.node("ForStatement", span, &[], children)
            }
            StatementKind::While(turns) => {
                let children = vec![self.statement(&turns.condition), self.block(&turns.body)];
                self.node("WhileStatement", span, &[], children)
            }
            StatementKind::Do(turns) => {
                let kind = match turns.until {
                    DoUntil::True => "DoUntilStatement",
                    DoUntil::False => "DoWhileStatement",
                };
                self.node(kind, span, &[], vec![self.block(&turns.body), self.statement(&turns.condition)])
            }
            StatementKind::Function(function) => {
                let mut children = self.parameters(function.parameters.as_deref().unwrap_or_default());
                children.push(self.script(&function.body));
                self.node("FunctionDefinition", span, &[("name", json!(function.name))], children)
            }
            StatementKind::Try(attempt) => {
                let mut children = vec![self.block(&attempt.body)];
                for clause in &attempt.catches {
                    let mut parts: Vec<Value> =
                        clause.types.iter().map(|name| self.constraint(name)).collect();
                    parts.push(self.block(&clause.body));
                    children.push(self.node("CatchClause", clause.span, &[], parts));
                }
                children.extend(attempt.finally.iter().map(|block| self.block(block)));
                self.node("TryStatement", span, &[], children)
            }
            StatementKind::Return(value) => self.node("ReturnStatement", span, &[], optional(value)),
            StatementKind::Throw(value) => self.node("ThrowStatement", span, &[], optional(value)),
            StatementKind::Exit(value) => self.node("ExitStatement", span, &[], optional(value)),
            StatementKind::Break(name) => self.node("BreakStatement", span, &[], label(name)),
            StatementKind::Continue(name) => self.node("ContinueStatement", span, &[], label(name)),
        }
    }

    fn element(&self, element: &PipelineElement) -> Value {
        let mut placed: Vec<(usize, Value)> = Vec::new();
        for redirection in &element.redirections {
            placed.push((redirection.span.start, self.redirection(redirection)));
        }
        match &element.kind {
            PipelineElementKind::Expression(expression) => {
                placed.push((expression.span.start, self.expression(expression)));
            }
            PipelineElementKind::Command(command) => {
                placed.push((command.name.span.start, self.expression(&command.name)));
                for part in &command.elements {
                    let value = match part {
                        CommandElement::Parameter(parameter) => {
                            let children =
                                parameter.argument.iter().map(|value| self.expression(value)).collect();
                            let facts = [("parameter", json!(parameter.name))];
                            self.node("CommandParameter", parameter.span, &facts, children)
                        }
                        CommandElement::Argument(argument) => self.expression(argument),
                    };
                    placed.push((part.span().start, value));
                }
            }
        }
        placed.sort_by_key(|(start, _)| *start);
        let children = placed.into_iter().map(|(_, value)| value).collect();
        match &element.kind {
            PipelineElementKind::Expression(_) => self.node("CommandExpression", element.span, &[], children),
            PipelineElementKind::Command(command) => {
                let invocation = match command.call {
                    Call::Plain => Value::Null,
                    Call::Operator => json!("Ampersand"),
                };
                let name = command.name.as_string().map_or(Value::Null, |name| json!(name));
                let facts = [("name", name), ("invocation", invocation)];
                self.node("Command", element.span, &facts, children)
            }
        }
    }

    fn redirection(&self, redirection: &Redirection) -> Value {
        let from = match redirection.from {
            Stream::All => "All",
            Stream::Output => "Output",
            Stream::Error => "Error",
            Stream::Warning => "Warning",
            Stream::Verbose => "Verbose",
            Stream::Debug => "Debug",
            Stream::Information => "Information",
        };
        let (kind, second, children) = match &redirection.to {
            RedirectionTarget::Output => ("MergingRedirection", ("to", json!("Output")), vec![]),
            RedirectionTarget::File(name) => {
                ("FileRedirection", ("append", Value::Null), vec![self.expression(name)])
            }
            RedirectionTarget::Append(name) => {
                ("FileRedirection", ("append", json!(true)), vec![self.expression(name)])
            }
        };
        self.node(kind, redirection.span, &[("from", json!(from)), second], children)
    }

    fn variable(&self, span: Span, variable: &Variable) -> Value {
        let yes = |condition: bool| if condition { json!(true) } else { Value::Null };
        let scopes = ["global", "local", "script", "private", "variable"];
        let qualifier = variable.qualifier();
        let drive =
            qualifier.is_some_and(|name| !scopes.iter().any(|scope| scope.eq_ignore_ascii_case(name)));
        let facts = [
            ("variable", json!(variable.name)),
            ("splatted", yes(variable.splatted)),
            ("drive", yes(drive)),
            ("qualified", yes(qualifier.is_some())),
        ];
        self.node("VariableExpression", span, &facts, vec![])
    }

    fn expression(&self, expression: &Expression) -> Value {
        let span = expression.span;
        let access = |access: Access| if access == Access::Static { json!(true) } else { Value::Null };
        match &expression.kind {
            ExpressionKind::Number(number) => {
                let kind = match number.value {
                    NumberValue::Int32(_) => "Int32",
                    NumberValue::Int64(_) => "Int64",
                    NumberValue::Decimal { .. } => "Decimal",
                    NumberValue::Double(_) => "Double",
                };
                let value = number.value.to_string();
                let facts = [("value", json!(value)), ("type", json!(format!("System.{kind}")))];
                self.node("ConstantExpression", span, &facts, vec![])
            }
            ExpressionKind::String(constant) => {
                let facts = [("value", json!(constant.value)), ("quote", json!(quote(constant.quote)))];
                self.node("StringConstantExpression", span, &facts, vec![])
            }
            ExpressionKind::Expandable(string) => {
                let mut value = String::new();
                let mut children = Vec::new();
                for part in &string.parts {
                    match part {
                        Part::Text(text) => value.push_str(text),
                        Part::Expression(inner) => {
                            value.push_str(inner.span.text(self.text));
                            children.push(self.expression(inner));
                        }
                    }
                }
                let facts = [("value", json!(value)), ("quote", json!(quote(string.quote)))];
                self.node("ExpandableStringExpression", span, &facts, children)
            }
            ExpressionKind::Variable(variable) => self.variable(span, variable),
            ExpressionKind::Type(name) => {
                self.node("TypeExpression", span, &[("type", json!(name.name))], vec![])
            }
            ExpressionKind::Array(values) => {
                let children = values.iter().map(|value| self.expression(value)).collect();
                self.node("ArrayLiteral", span, &[], children)
            }
            ExpressionKind::ArrayExpression(block) => {
                self.node("ArrayExpression", span, &[], vec![self.block(block)])
            }
            ExpressionKind::SubExpression(block) => {
                self.node("SubExpression", span, &[], vec![self.block(block)])
            }
            ExpressionKind::Parenthesis(inside) => {
                self.node("ParenExpression", span, &[], vec![self.statement(inside)])
            }
            ExpressionKind::Hashtable(entries) => {
                let children = entries
                    .iter()
                    .flat_map(|entry| [self.expression(&entry.key), self.statement(&entry.value)])
                    .collect();
                self.node("Hashtable", span, &[], children)
            }
            ExpressionKind::ScriptBlock(block) => {
                self.node("ScriptBlockExpression", span, &[], vec![self.script(block)])
            }
            ExpressionKind::Member(member) => {
                let children = vec![self.expression(&member.target), self.expression(&member.name)];
                self.node("MemberExpression", span, &[("static", access(member.access))], children)
            }
            ExpressionKind::Invoke(invoke) => {
                let mut children = vec![self.expression(&invoke.target), self.expression(&invoke.name)];
                children.extend(invoke.arguments.iter().map(|argument| self.expression(argument)));
                self.node("InvokeMemberExpression", span, &[("static", access(invoke.access))], children)
            }
            ExpressionKind::Index(index) => {
                let children = vec![self.expression(&index.target), self.expression(&index.index)];
                self.node("IndexExpression", span, &[], children)
            }
            ExpressionKind::Unary(unary) => {
                let facts = [("operator", json!(unary_name(unary.operator)))];
                self.node("UnaryExpression", span, &facts, vec![self.expression(&unary.operand)])
            }
            ExpressionKind::Binary(binary) => {
                let facts = [("operator", json!(binary_name(binary.operator)))];
                let children = vec![self.expression(&binary.left), self.expression(&binary.right)];
                self.node("BinaryExpression", span, &facts, children)
            }
            ExpressionKind::Convert(convert) => {
                let children = vec![self.constraint(&convert.to), self.expression(&convert.value)];
                self.node("ConvertExpression", span, &[], children)
            }
        }
    }
}

fn quote(quote: Quote) -> &'static str {
    match quote {
        Quote::Bare => "BareWord",
        Quote::Single => "SingleQuoted",
        Quote::Double => "DoubleQuoted",
        Quote::SingleHere => "SingleQuotedHereString",
        Quote::DoubleHere => "DoubleQuotedHereString",
    }
}

fn unary_name(operator: UnaryOperator) -> &'static str {
    match operator {
        UnaryOperator::Plus => "Plus",
        UnaryOperator::Minus => "Minus",
        UnaryOperator::Not(NotForm::Exclamation) => "Exclaim",
        UnaryOperator::Not(NotForm::Word) => "Not",
        UnaryOperator::BitNot => "Bnot",
        UnaryOperator::Join => "Join",
        UnaryOperator::Split(Case::Insensitive) => "Isplit",
        UnaryOperator::Split(Case::Sensitive) => "Csplit",
        UnaryOperator::PreIncrement => "PlusPlus",
        UnaryOperator::PreDecrement => "MinusMinus",
        UnaryOperator::PostIncrement => "PostfixPlusPlus",
        UnaryOperator::PostDecrement => "PostfixMinusMinus",
    }
}

fn binary_name(operator: BinaryOperator) -> String {
    let plain = match operator {
        BinaryOperator::Multiply => "Multiply",
        BinaryOperator::Divide => "Divide",
        BinaryOperator::Remainder => "Rem",
        BinaryOperator::Add => "Plus",
        BinaryOperator::Subtract => "Minus",
        BinaryOperator::Format => "Format",
        BinaryOperator::Range => "DotDot",
        BinaryOperator::And => "And",
        BinaryOperator::Or => "Or",
        BinaryOperator::Xor => "Xor",
        BinaryOperator::BitAnd => "Band",
        BinaryOperator::BitOr => "Bor",
        BinaryOperator::BitXor => "Bxor",
        BinaryOperator::ShiftLeft => "Shl",
        BinaryOperator::ShiftRight => "Shr",
        BinaryOperator::Join => "Join",
        BinaryOperator::Is => "Is",
        BinaryOperator::IsNot => "IsNot",
        BinaryOperator::As => "As",
        BinaryOperator::Compare(comparison, case) => {
            let name = match comparison {
                Comparison::Equal => "eq",
                Comparison::NotEqual => "ne",
                Comparison::GreaterOrEqual => "ge",
                Comparison::Greater => "gt",
                Comparison::Less => "lt",
                Comparison::LessOrEqual => "le",
                Comparison::Like => "like",
                Comparison::NotLike => "notlike",
                Comparison::Match => "match",
                Comparison::NotMatch => "notmatch",
                Comparison::Replace => "replace",
                Comparison::Contains => "contains",
                Comparison::NotContains => "notcontains",
                Comparison::In => "in",
                Comparison::NotIn => "notin",
                Comparison::Split => "split",
            };
            return format!("{}{name}", if case == Case::Insensitive { "I" } else { "C" });
        }
    };
    plain.to_owned()
}
